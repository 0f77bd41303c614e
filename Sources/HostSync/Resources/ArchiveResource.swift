import SSHTransport
package import Settings

/// `archive`: a folder with the contents of a tar or zip file, which comes from here or is fetched by the host.
///
/// What was extracted is remembered in the folder itself, in `.apus-archive`: one line, `sha256:DIGEST strip:N`. It is
/// written last, so an extraction that was cut off is done again. Where the folder is not there yet, it appears whole.
package struct ArchiveResource: Resource {
    package static let keyword = "archive"
    package static let summary = "A folder with the contents of a tar or zip file."
    package static var bringsUnforeseen: Bool { true }

    package var source: String?
    package var url: String?
    package var checksum: String?
    package var headers = OrderedMap<String>()
    package var path = ""
    package var stripComponents = 0
    package var creates: String?
    package var owner: String?
    package var group: String?
    package var content: Content?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("source", \.source, .nonEmptyString, "A local archive, which is sent."),
            SettingsField("url", \.url, .remoteURL, "Where the host fetches the archive, by curl or wget."),
            SettingsField("checksum", \.checksum, .checksum, "Of the fetched archive: sha256: and 64 digits."),
            SettingsField("headers", \.headers, .map(of: .anyText), "Headers of the request."),
            SettingsField("path", \.path, .hostPath, "The folder on the host.", required: true),
            SettingsField(
                "stripComponents", \.stripComponents, .integer(in: 0...32),
                "So many folders at the front of each name are dropped."),
            SettingsField(
                "creates", \.creates, .hostPath,
                "Nothing to do when this path is there; the digest is not compared then."),
            Ownership.ownerField(\.owner), Ownership.groupField(\.group),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if (source == nil) == (url == nil) { complaints.error(at: "", "give one of source and url") }
        if url != nil, checksum == nil { complaints.error(at: \Self.checksum, "must be given with url") }
        if source != nil, checksum != nil { complaints.error(at: \Self.checksum, "goes with url only") }
        if path == "/" { complaints.error(at: \Self.path, "must be a folder below the root") }
        for header in headers where !RemoteAddress.isHeader(header.key, header.value) {
            complaints.error(at: \Self.headers, "must be names of letters, digits and -, and values of one line")
        }
    }

    package var label: String { path }
    private var marker: String { "\(path)/.apus-archive" }

    package mutating func load(_ loader: any ContentLoader) throws(ResourceFault) {
        if let source { content = try loader.file(source) }
    }

    package func probe(_ request: inout ProbeRequest) {
        request.path(HostPath(path).folder)
        request.path(path)
        if let creates { request.path(creates) } else { request.content(marker) }
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        let status = try host.status(path)
        if let status, status.kind != .directory {
            throw ResourceFault("\(path) is \(status.kind.name), not a directory: declare it absent first")
        }
        guard let digest = content.map(ContentDigest.of) ?? checksum.map({ RemoteAddress.digest($0) }) else {
            throw ResourceFault("the archive of \(path) was not read")
        }
        let wanted = "sha256:\(digest) strip:\(stripComponents)"
        var old: String?
        if let creates {
            guard try host.status(creates) == nil else { return .same }
        } else if let bytes = try host.content(marker) {
            old = String(decoding: bytes.prefix(200).prefix { $0 != 0x0A }, as: UTF8.self)
            guard old != wanted else { return .same }
        }
        try FolderSafety.check(HostPath(path).folder, host)
        if status != nil { try FolderSafety.check(path, host) }
        var comparison = Comparison()
        comparison.differ("content", from: old, to: wanted)
        emit(digest, wanted, &comparison.steps)
        host.willWrite(path, PathStatus(kind: .directory, mode: status?.mode ?? 0o755))
        host.willWrite(marker, PathStatus(kind: .file, mode: 0o644), content: Array("\(wanted)\n".utf8))
        if let creates, creates != path { host.willWrite(creates, PathStatus(kind: .file, mode: 0o644)) }
        return comparison
    }

    private func emit(_ digest: String, _ wanted: String, _ steps: inout StepScript) {
        let archive: String
        if let content {
            archive = steps.unpacked(content)
        } else {
            archive = "\"$S/archive\""
            RemoteAddress.fetch(url ?? "", headers: headers, into: archive, &steps)
            RemoteAddress.verify(archive, digest, &steps)
        }
        let place = HostPath(path)
        let name = ShellText.quoted("../\(place.name)")
        let owner = self.owner ?? ""
        let group = self.group.map { ":\($0)" } ?? ""
        steps.run("apus_enter", place.folder)
        steps.text("apus_private")
        steps.text("a=\(archive); k=\(stripComponents); n=\(name); t=./new; v=${PWD%/*}/${n#../}")
        steps.text(ArchiveResource.extraction)
        if !owner.isEmpty || !group.isEmpty { steps.text("chown -R \(ShellText.quoted(owner + group)) \"$t\"") }
        steps.text("printf '%s\\n' \(ShellText.quoted(wanted)) >\"$t.mark\"; chmod 644 \"$t.mark\"")
        steps.text(ArchiveResource.placing)
        if url != nil { steps.text("rm -f \(archive)") }
    }

    /// Extracts `$a` into the fresh folder `$t` in a folder of our own (`apus_private`), where nobody else gets in. What packed it is told by its first two bytes: the tar of busybox does not look.
    private static let extraction = """
        umask 022
        mkdir "$t"
        x=cat
        case $(dd if="$a" bs=1 count=2 2>/dev/null | od -An -tx1 | tr -d ' ') in
        1f8b) x='gzip -dc';; 425a) x='bzip2 -dc';; fd37) x='xz -dc';; 28b5) x='zstd -dc';; 504b) x=unzip;;
        esac
        case $x in
        unzip)
        unzip -q -o "$a" -d "$t"
        while [ "$k" -gt 0 ]; do
        mkdir "$t.up"
        for f in "$t"/*/* "$t"/*/.[!.]* "$t"/*/..?*; do if [ -e "$f" ] || [ -L "$f" ]; then mv "$f" "$t.up/"; fi; done
        rm -rf "$t"; mv "$t.up" "$t"; k=$((k - 1))
        done;;
        *)
        if [ "$k" -gt 0 ]; then $x "$a" | tar -xof - -C "$t" --strip-components="$k"; else $x "$a" | tar -xof - -C "$t"; fi;;
        esac
        """

    /// A folder that is not there, or empty, is replaced at once; over another the files are copied, the mark last.
    private static let placing = """
        if [ -d "$n" ] && ! rmdir "$n" 2>/dev/null; then
        tar -cf - -C "$t" . | (cd -P "$n" && [ "$PWD" = "$v" ] && tar -xpf -)
        rm -rf "$t"
        mv -f$apus_T "$t.mark" "$n/.apus-archive"
        else
        mv "$t.mark" "$t/.apus-archive"
        mv -f$apus_T "$t" "$n"
        fi
        apus_leave
        """
}
