package import Settings

/// `repository`: a source of packages, its key, and lists that know of it.
///
/// For apt a deb822 file `/etc/apt/sources.list.d/NAME.sources` (or one line in `NAME.list`) and a key in
/// `/etc/apt/keyrings`; for dnf, yum and zypper `NAME.repo` and a key in `/etc/pki/rpm-gpg`; for apk a line of
/// `/etc/apk/repositories` and a key in `/etc/apk/keys`. apt and apk must have fetched the lists of the new source
/// before its file takes its place: a source that does not answer changes nothing, and the next run tries again.
package struct RepositoryResource: Resource {
    package static let keyword = "repository"
    package static let summary = "A repository of packages, with its key."

    package var name = ""
    package var url: [String] = []
    package var suites: [String] = []
    package var components: [String] = []
    package var types = ["deb"]
    package var architectures: [String] = []
    package var key: String?
    package var keySource: String?
    package var keyName: String?
    package var trusted = false
    package var oneLine = false
    package var description: String?
    package var options = OrderedMap<String>()
    package var refresh = true
    package var state = DeclaredState.present
    package var keyContent: Content?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("name", \.name, .plainName, "The name of its file, and of its key's.", required: true),
            SettingsField(
                "url", \.url, .oneOrMany(of: .word), "Where it is; a list for mirrors (apk: the whole line)."),
            SettingsField(
                "suites", \.suites, .oneOrMany(of: .word), "Of apt: such as bookworm, or ./ for a flat repository."),
            SettingsField("components", \.components, .oneOrMany(of: .word), "Of apt: such as main."),
            SettingsField("types", \.types, .oneOrMany(of: .word, count: 1...2), "Of apt: deb, deb-src."),
            SettingsField(
                "architectures", \.architectures, .oneOrMany(of: .word), "Of apt: such as amd64; all without it."),
            SettingsField(
                "key", \.key, .nonEmptyString, "The public key as text; each repository trusts its own key alone."),
            SettingsField("keySource", \.keySource, .nonEmptyString, "A local file with the public key."),
            SettingsField("keyName", \.keyName, .word, "Of apk: the key's file name, which the signature asks for."),
            SettingsField("trusted", \.trusted, .bool, "Take packages without a signature."),
            SettingsField("oneLine", \.oneLine, .bool, "Of apt: write the old one-line format."),
            SettingsField("description", \.description, .oneLine, "Of dnf, yum and zypper: its name for people."),
            SettingsField(
                "options", \.options, .map(of: .oneLine),
                "Further keys of the file, as its format has them (not for apk)."),
            SettingsField("refresh", \.refresh, .bool, "Fetch the lists of a new or changed repository at once."),
            DeclaredState.field(\.state, "absent removes the file and the key."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if state == .present, url.isEmpty { complaints.error(at: \Self.url, "must be given") }
        if key != nil, keySource != nil { complaints.error(at: \Self.keySource, "does not go with key") }
        for option in options.keys where !RepositoryFormat.isKey(option) {
            complaints.error(at: \Self.options, "its names must be letters, digits, - and _")
        }
        if let keyName, keyName.contains("/") { complaints.error(at: \Self.keyName, "must be a file's name") }
    }

    package var label: String { name }

    package mutating func load(_ loader: any ContentLoader) throws(ResourceFault) {
        if let key { keyContent = .bytes(Array((key.hasSuffix("\n") ? key : key + "\n").utf8)) }
        if let keySource { keyContent = try loader.file(keySource) }
    }

    package func probe(_ request: inout ProbeRequest) {
        request.ask(PackageManager.query, "")
        for format in RepositoryFormat.allCases {
            for path in format.files(self) {
                request.path(HostPath(path).folder)
                request.content(path)
            }
            for path in format.keys(self) {
                request.path(HostPath(path).folder)
                request.digest(path)
            }
        }
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        let format = try RepositoryFormat(host)
        var comparison = Comparison()
        if state == .absent {
            try remove(format, &host, &comparison)
        } else {
            try format.check(self)
            try writeKey(format, &host, &comparison)
            try writeFile(format, &host, &comparison)
        }
        if !comparison.differences.isEmpty { host.willProvide("repository") }
        return comparison
    }

    private func writeKey(
        _ format: RepositoryFormat, _ host: inout HostState, _ comparison: inout Comparison
    ) throws(ResourceFault) {
        guard let keyContent, let path = format.key(self) else { return }
        let place = HostPath(path)
        let status = try host.status(path)
        let digest = ContentDigest.of(keyContent)
        guard status?.digest != digest || status?.mode != 0o644 else { return }
        try FolderSafety.check(place.folder, host)
        comparison.differ("key", from: status?.digest, to: digest)
        if try host.status(place.folder) == nil {
            comparison.steps.text(PathFunctions.text)
            comparison.steps.run("apus_folder", place.folder)
            host.willWrite(place.folder, PathStatus(kind: .directory, mode: 0o755))
        }
        FileWriter(path: place, existing: status, ownership: Ownership(mode: 0o644)).write(
            keyContent, &comparison.steps)
        if format == .zypper { comparison.steps.run("rpm", "--import", path) }
        host.willWrite(path, PathStatus(kind: .file, mode: 0o644, digest: digest))
    }

    private func writeFile(
        _ format: RepositoryFormat, _ host: inout HostState, _ comparison: inout Comparison
    ) throws(ResourceFault) {
        let path = format.file(self)
        let status = try host.status(path)
        if status?.kind == .link { throw ResourceFault("\(path) is a symbolic link: declare it absent first") }
        let old = try host.content(path)
        let new = Array(format.text(self, old: old).utf8)
        guard old != new else { return }
        try FolderSafety.check(HostPath(path).folder, host)
        var difference = Difference(what: "file", old: status == nil ? nil : "differs", new: "written")
        difference.text = TextChange(path: path, old: old ?? [], new: new, oldSize: old?.count, newSize: new.count)
        comparison.differences.append(difference)
        if refresh, state == .present { format.refresh(self, new, &comparison.steps) }
        FileWriter(
            path: HostPath(path), existing: status, ownership: Ownership(mode: status == nil ? 0o644 : nil),
            expect: old.map { .digest(ContentDigest.of($0)) } ?? .nothing
        ).write(.bytes(new), &comparison.steps)
        host.willWrite(
            path, PathStatus(kind: .file, mode: status?.mode ?? 0o644, size: new.count, digest: ContentDigest.of(new)),
            content: new)
    }

    private func remove(
        _ format: RepositoryFormat, _ host: inout HostState, _ comparison: inout Comparison
    ) throws(ResourceFault) {
        if format == .apk {
            try writeFile(format, &host, &comparison)
        }
        let files = format == .apk ? [] : format.files(self)
        for path in files + format.keys(self) {
            guard try host.status(path) != nil else { continue }
            comparison.differ(path, from: "present", to: nil)
            if comparison.differences.count == 1 { comparison.steps.text(PathFunctions.text) }
            comparison.steps.run("apus_gone", path)
            host.willWrite(path, nil)
        }
    }
}
