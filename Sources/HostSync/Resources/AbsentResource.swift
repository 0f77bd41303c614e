import SSHTransport
package import Settings

/// `absent`: nothing stands at this path. Links are removed and never followed; folders only when they are empty, or
/// with `recursive`; folders of the system and whatever has a mount below, never.
package struct AbsentResource: Resource {
    package static let keyword = "absent"
    package static let summary = "Nothing at this path."

    package var path = ""
    package var recursive = false

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("path", \.path, .hostPath, "What is to be gone: a file, a link or a folder.", required: true),
            SettingsField("recursive", \.recursive, .bool, "Remove a folder with everything in it."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if AbsentResource.isKept(path) {
            complaints.error(at: \Self.path, "is a folder that a system cannot be without")
        }
    }

    package var label: String { path }
    package var claim: PathClaim? { .gone(path) }

    package func probe(_ request: inout ProbeRequest) {
        request.path(path)
        if !recursive { request.ask(AbsentResource.filled, path) }
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        guard let status = try host.status(path) else { return .same }
        if status.kind == .directory, !recursive, host.lines(AbsentResource.filled).contains(path[...]) {
            throw ResourceFault("\(path) is a directory with something in it: give recursive: true to remove all of it")
        }
        try FolderSafety.check(HostPath(path).folder, host)
        var comparison = Comparison()
        comparison.differ("existence", from: status.kind.name, to: nil)
        comparison.steps.text(PathFunctions.text)
        if recursive {
            comparison.steps.run("apus_gone", path, "all")
        } else {
            comparison.steps.run("apus_gone", path)
        }
        host.willWrite(path, nil)
        return comparison
    }

    /// Which of the items are folders with something in them.
    static let filled = Query("filledFolders") { paths in
        """
        for p in \(ShellText.quoted(paths)); do
        if [ -d "$p" ] && [ ! -L "$p" ] && [ -n "$(ls -A -- "$p" | head -n 1)" ]; then printf '%s\\n' "$p"; fi
        done
        """
    }

    /// The root, everything that stands in it by the hierarchy standard, and what holds the programs.
    static func isKept(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        guard let first = parts.first else { return true }
        guard topLevel.contains(String(first)) else { return false }
        if parts.count == 1 { return true }
        return parts.count == 2 && (inside[String(first)]?.contains(String(parts[1])) ?? false)
    }

    private static let topLevel: Set<String> = [
        "bin", "boot", "dev", "efi", "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt", "nix", "opt",
        "proc",
        "root", "run", "sbin", "srv", "sys", "tmp", "usr", "var",
    ]
    private static let inside: [String: Set<String>] = [
        "etc": ["passwd", "shadow", "group", "gshadow", "ssh", "pam.d"],
        "usr": ["bin", "include", "lib", "lib32", "lib64", "libexec", "libx32", "local", "sbin", "share"],
        "var": ["cache", "lib", "log", "run", "spool", "tmp"],
        "boot": ["efi"],
    ]
}
