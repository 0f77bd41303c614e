import Base
import SSHTransport
package import Settings

/// `authorizedKeys`: public keys with which one may log in as a user.
///
/// The file in the user's own folder is written as that user and not as root: whatever the user puts in the way
/// meanwhile, nothing is written that the user could not have written.
package struct AuthorizedKeysResource: Resource {
    package static let keyword = "authorizedKeys"
    package static let summary = "Public keys that may log in as a user."

    package var user = ""
    package var keys: [String] = []
    package var sources: [String] = []
    package var exclusive = false
    package var path: String?
    package var state = DeclaredState.present
    /// What `keys` and `sources` came to.
    var wanted: [AuthorizedKey] = []

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("user", \.user, .accountName, "The user whose keys they are.", required: true),
            SettingsField(
                "keys", \.keys, .oneOrMany(of: .nonEmptyString), "Public keys, each as its line in a .pub file."),
            SettingsField(
                "sources", \.sources, .oneOrMany(of: .nonEmptyString), "Local files of public keys, one a line."),
            SettingsField("exclusive", \.exclusive, .bool, "Remove every key that is not declared here."),
            SettingsField(
                "path", \.path, .hostPath,
                "Another file than ~/.ssh/authorized_keys, in a folder that only root can write to."),
            DeclaredState.field(\.state, "Whether these keys are to be there."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        for (index, key) in keys.enumerated() where AuthorizedKey(key) == nil {
            complaints.error(at: "keys[\(index)]", "is no public key of OpenSSH: type, key and comment on one line")
        }
        if keys.isEmpty, sources.isEmpty, !exclusive {
            complaints.error(at: "", "needs keys, sources or exclusive: true")
        }
        if exclusive, state == .absent { complaints.error(at: \Self.exclusive, "means nothing with state: absent") }
    }

    package var label: String { user }

    package mutating func load(_ loader: any ContentLoader) throws(ResourceFault) {
        wanted = keys.compactMap { AuthorizedKey($0) }
        for source in sources {
            let lines = String(decoding: try AuthorizedKeysResource.read(source, loader), as: UTF8.self)
            for line in lines.split(whereSeparator: \.isNewline) {
                if let key = AuthorizedKey(line) {
                    wanted.append(key)
                } else if !line.hasPrefix("#"), line.contains(where: { !$0.isWhitespace }) {
                    throw ResourceFault("\(source) holds a line that is no public key")
                }
            }
        }
    }

    private static func read(_ source: String, _ loader: any ContentLoader) throws(ResourceFault) -> [UInt8] {
        switch try loader.file(source) {
        case .bytes(let bytes): return bytes
        case .file(let path, _, _):
            do { return try Files.read(path, limit: 1 << 20) } catch { throw ResourceFault(error.message) }
        }
    }

    private var edit: AuthorizedKeysEdit {
        AuthorizedKeysEdit(keys: wanted, exclusive: exclusive, removes: state == .absent)
    }

    package func probe(_ request: inout ProbeRequest) {
        if let path {
            TextFileEdit(path: path).probe(&request)
        } else {
            request.ask(AuthorizedKeysProbe.query, user)
        }
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        if let path { return try compareCentral(path, &host) }
        guard let found = try probed(host) else {
            if state == .absent { return .same }
            guard host.changesBefore else { throw ResourceFault("there is no user \(user): declare it before") }
            return .deferred("the user \(user) may come with an earlier change")
        }
        var comparison = Comparison()
        try refuseOthers(found)
        var (old, existing) = (found.content, found.file)
        if let written = try host.status(found.path) {
            (old, existing) = (try host.content(found.path), written)
        }
        let before = TextLines(old ?? [])
        var after = before
        edit.apply(&after)
        let isClosed = (found.folder?.mode ?? 0) & 0o022 == 0 && (existing?.mode ?? 0) & 0o022 == 0
        guard after != before || !isClosed || old == nil && state == .present && exclusive else { return comparison }
        comparison.differences = edit.differences(from: before, to: after)
        if let folder = found.folder, folder.mode & 0o022 != 0 {
            comparison.differ("mode of .ssh", from: PathStatus.octal(folder.mode), to: "0700")
        }
        if let existing, existing.mode & 0o022 != 0 {
            comparison.differ("mode", from: PathStatus.octal(existing.mode), to: "0600")
        }
        if comparison.differences.isEmpty {
            comparison.differ("content", from: existing?.digest, to: "the declared keys")
        }
        let bytes = after.bytes
        AuthorizedKeysSteps.write(bytes, expect: old.map { ContentDigest.of($0) }, user, found, &comparison.steps)
        let status = PathStatus(
            kind: .file, mode: 0o600, uid: found.uid, gid: found.gid, owner: user, size: bytes.count,
            digest: ContentDigest.of(bytes))
        host.willWrite(found.path, status, content: bytes)
        return comparison
    }

    /// A home that cannot be used yet may be made by an earlier change.
    private func probed(_ host: HostState) throws(ResourceFault) -> AuthorizedKeysProbe? {
        do { return try AuthorizedKeysProbe(user, host) } catch {
            if host.changesBefore, state == .present { return nil }
            throw error
        }
    }

    private func refuseOthers(_ found: AuthorizedKeysProbe) throws(ResourceFault) {
        if let folder = found.folder {
            guard folder.kind == .directory else {
                throw ResourceFault(
                    "\(found.folderPath) is \(folder.kind.name), not a directory: declare it absent first")
            }
            guard folder.uid == found.uid else {
                throw ResourceFault("\(found.folderPath) belongs to \(folder.ownerText): declare its owner before")
            }
        }
        if let file = found.file, file.kind != .file {
            throw ResourceFault("\(found.path) is \(file.kind.name), not a file: declare it absent first")
        }
    }

    private func compareCentral(_ path: String, _ host: inout HostState) throws(ResourceFault) -> Comparison {
        if let folder = try host.status(HostPath(path).folder), folder.uid != 0 || folder.mode & 0o022 != 0 {
            throw ResourceFault("\(HostPath(path).folder) is not root's alone: keys of \(user) are not kept there")
        }
        var comparison = Comparison()
        if state == .absent, try host.status(path) == nil { return comparison }
        let before = TextLines(try TextFileEdit(path: path).current(host) ?? [])
        try TextFileEdit(path: path, create: true).apply(&host, &comparison) { (text) in edit.apply(&text) }
        var after = before
        edit.apply(&after)
        if !comparison.differences.isEmpty { comparison.differences += edit.differences(from: before, to: after) }
        return comparison
    }
}

/// The shell text that writes a user's keys as that user.
enum AuthorizedKeysSteps {
    static func write(
        _ bytes: [UInt8], expect: String?, _ user: String, _ found: AuthorizedKeysProbe, _ steps: inout StepScript
    ) {
        let content = steps.content(.bytes(bytes))
        steps.text(AccountFunctions.text)
        steps.text(functions)
        let words = ShellText.quoted([user, "\(found.uid)", "\(found.gid)", script(found, expect)])
        steps.text("apus_feed \(content) apus_as \(words)")
    }

    /// Runs as the user, with the new content on standard input.
    private static func script(_ found: AuthorizedKeysProbe, _ expect: String?) -> String {
        let digest =
            "$(if command -v sha256sum >/dev/null 2>&1; then sha256sum; else openssl dgst -sha256 -r; fi <authorized_keys)"
        let isSame =
            expect.map { "h=\(digest); [ \"${h%% *}\" = \($0) ]" } ?? "[ ! -e authorized_keys ]"
        return """
            umask 077; cd \(ShellText.quoted(found.home)) || exit 1
            [ -d .ssh ] || mkdir .ssh || exit 1
            cd ./.ssh && chmod go-w . || exit 1
            \(isSame) || { echo \(ShellText.quoted(found.path + " changed meanwhile")); exit 1; }
            t=.apus-$$; rm -f "$t"; cat >"$t" && chmod 600 "$t" && mv -f "$t" authorized_keys || { rm -f "$t"; exit 1; }
            """
    }

    /// `apus_as USER UID GID SCRIPT`; setpriv and runuser ask no PAM whether the account is locked, which does not
    /// matter here.
    private static let functions = #"""
        apus_as() {
        if [ "$apus_uid" = "$2" ]; then sh -c "$4"
        elif [ "$apus_uid" != 0 ]; then apus_say "only root can write the keys of $1: become root"
        elif setpriv --reuid="$2" --regid="$3" --clear-groups true 2>/dev/null; then setpriv --reuid="$2" --regid="$3" --clear-groups sh -c "$4"
        elif apus_has runuser; then runuser -u "$1" -- sh -c "$4"
        else su -s /bin/sh "$1" -c "$4"; fi; }
        """#
}
