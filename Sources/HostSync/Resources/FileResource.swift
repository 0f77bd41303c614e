import SSHTransport
package import Settings

/// `file`: a regular file with this content. Type, content, mode, owner and group are compared apart, and only what
/// differs is mended: a file whose mode alone is wrong is not written again.
package struct FileResource: Resource, SensitiveResource {
    package static let keyword = "file"
    package static let summary = "A regular file with this content, mode and owner."

    package var path = ""
    package var content: String?
    package var base64: String?
    package var source: String?
    package var template: String?
    package var mode: UInt32?
    package var owner: String?
    package var group: String?
    package var backup = false
    package var validate: String?
    package var force = false
    package var inPlace = false
    package var sensitive = false
    /// What `content`, `base64`, `source` or `template` came to; nil where none is given: then only mode and owner are
    /// looked after, and an empty file is made where there is none.
    package var wanted: Content?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("path", \.path, .hostPath, "Where it stands on the host.", required: true),
            SettingsField("content", \.content, .anyText, "The content as text."),
            SettingsField("base64", \.base64, .anyText, "The content in Base64, for any bytes."),
            SettingsField("source", \.source, .nonEmptyString, "A local file with the content, any size, as it is."),
            SettingsField("template", \.template, .nonEmptyString, "A local text file, rendered with the variables."),
            Ownership.modeField(\.mode), Ownership.ownerField(\.owner), Ownership.groupField(\.group),
            SettingsField(
                "backup", \.backup, .bool, "Keep the old file beside the new one, with the time in its name."),
            SettingsField(
                "validate", \.validate, .nonEmptyString,
                "A command that must accept the new file before it takes its place; %s stands for its path."),
            SettingsField("force", \.force, .bool, "Replace a symbolic link that stands there."),
            SettingsField(
                "inPlace", \.inPlace, .bool, "Write into the existing file, for one that is a mount point. Not atomic."),
            SettingsField("sensitive", \.sensitive, .bool, "Never show the content, only that it differs."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        let given = [content != nil, base64 != nil, source != nil, template != nil].count { $0 }
        if given > 1 {
            complaints.error(at: "", "give one of content, base64, source and template, not \(given)")
        }
        if let base64, Base64.decode(base64) == nil { complaints.error(at: \Self.base64, "this is not Base64") }
        if let validate, validate.ranges(of: "%s").count != 1 {
            complaints.error(at: \Self.validate, "must hold %s once, which stands for the new file's path")
        }
    }

    package var label: String { path }
    package var claim: PathClaim? {
        content == nil && base64 == nil && source == nil && template == nil ? nil : .whole(path)
    }
    private var place: HostPath { HostPath(path) }
    var ownership: Ownership { Ownership(mode: mode, owner: owner, group: group) }

    package mutating func load(_ loader: any ContentLoader) throws(ResourceFault) {
        if let content { wanted = .bytes(Array(content.utf8)) }
        if let base64 { wanted = Base64.decode(base64).map { .bytes($0) } }
        if let source { wanted = try loader.file(source) }
        if let template { wanted = .bytes(try loader.template(template)) }
    }

    package func probe(_ request: inout ProbeRequest) {
        request.path(place.folder)
        request.digest(path)
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        let status = try host.status(path)
        try refuseOtherKinds(status)
        try FolderSafety.check(place.folder, host)
        let existing = status?.kind == .file ? status : nil
        let digest = wanted.map(ContentDigest.of)
        let writes = existing == nil || digest != nil && digest != existing?.digest
        var comparison = Comparison()
        if writes {
            var difference = Difference(what: "content", old: existing?.digest, new: digest ?? ContentDigest.ofNothing)
            difference.text = textChange(existing, digest)
            comparison.differences.append(difference)
        }
        comparison.differences += ownership.differences(from: existing).filter { existing != nil || $0.new != nil }
        guard !comparison.differences.isEmpty else { return comparison }
        if writes {
            FileWriter(
                path: place, existing: existing, ownership: ownership, expect: .anything, backup: backup,
                validate: validate, isSensitive: sensitive, inPlace: inPlace, replacesLink: status?.kind == .link
            ).write(wanted ?? .bytes([]), &comparison.steps)
        } else if let existing {
            ownership.mend(path, existing, &comparison.steps)
        }
        let after = PathStatus(kind: .file, mode: mode ?? existing?.mode ?? 0o644, digest: digest ?? existing?.digest)
        var content: [UInt8]?
        if case .bytes(let bytes)? = wanted { content = bytes } else if !writes { content = host.answer.contents[path] }
        host.willWrite(path, ownership.applied(to: after), content: content)
        return comparison
    }

    private func refuseOtherKinds(_ status: PathStatus?) throws(ResourceFault) {
        guard let status, status.kind != .file else { return }
        if status.kind == .link {
            guard !force else { return }
            let target = status.target.map { " to \($0)" } ?? ""
            throw ResourceFault("\(path) is a symbolic link\(target): declare what it points to, or give force: true")
        }
        throw ResourceFault("\(path) is \(status.kind.name), not a file: declare it absent first")
    }

    private func textChange(_ existing: PathStatus?, _ digest: String?) -> TextChange {
        var change = TextChange(
            path: path, oldDigest: existing?.digest, newDigest: digest, oldSize: existing?.size,
            newSize: wanted?.size ?? 0, isSecret: sensitive)
        if existing == nil { change.old = [] }
        if case .bytes(let bytes)? = wanted { change.new = bytes } else if wanted == nil { change.new = [] }
        return change
    }
}

extension ValueFormat where Value == String {
    /// Text that may stand without quotes: `content: 8080` is the text 8080.
    package static var anyText: ValueFormat {
        parsed(name: "text", numbers: -Double.infinity...Double.infinity, parse: { $0 }, render: { $0 })
    }
}
