import SSHTransport
package import Settings

/// `symlink`: a symbolic link with this target, compared by the target's text. The target need not exist.
package struct SymlinkResource: Resource {
    package static let keyword = "symlink"
    package static let summary = "A symbolic link with this target."

    package var path = ""
    package var target = ""
    package var force = false

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("path", \.path, .hostPath, "Where the link stands on the host.", required: true),
            SettingsField(
                "target", \.target, .linkTarget,
                "What it points to, as it is to be stored; relative ones are from the link's folder.",
                required: true),
            SettingsField("force", \.force, .bool, "Replace a file that stands there. A folder is never replaced."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if path == "/" { complaints.error(at: \Self.path, "must not be the root folder") }
    }

    package var label: String { path }

    package func probe(_ request: inout ProbeRequest) {
        request.path(HostPath(path).folder)
        request.path(path)
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        let status = try host.status(path)
        if let status, status.kind == .link, status.target == target { return .same }
        if let status, status.kind == .directory || status.kind == .other {
            throw ResourceFault("\(path) is \(status.kind.name), not a symbolic link: declare it absent first")
        }
        if let status, status.kind == .file, !force {
            throw ResourceFault("\(path) is a file: declare it absent first, or give force: true")
        }
        try FolderSafety.check(HostPath(path).folder, host)
        var comparison = Comparison()
        let old = status.map { $0.kind == .link ? $0.target ?? "another target" : "a file" }
        comparison.differ("target", from: old, to: target)
        comparison.steps.text(PathFunctions.text)
        comparison.steps.run("apus_link", path, target)
        host.willWrite(path, PathStatus(kind: .link, mode: 0o777, target: target))
        return comparison
    }
}

extension ValueFormat where Value == String {
    /// What a symbolic link may hold: any text of one line, up to 4095 bytes.
    package static var linkTarget: ValueFormat {
        parsed(
            name: "the target of a link", pattern: "^.+$",
            parse: { text in
                (1...4095).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } ? text : nil
            }, render: { $0 })
    }
}
