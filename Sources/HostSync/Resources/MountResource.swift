import SSHTransport
package import Settings

/// `mount`: a line of fstab(5), and whether the file system is mounted now.
package struct MountResource: Resource {
    package static let keyword = "mount"
    package static let summary = "A file system in /etc/fstab, and mounted."

    package enum State: String, Sendable, CaseIterable {
        case mounted, present, unmounted, absent
    }

    package var path = ""
    package var source: String?
    package var type: String?
    package var options = "defaults"
    package var dump = 0
    package var pass = 0
    package var state = State.mounted

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("path", \.path, .hostPath, "Where it is mounted; the folder is made.", required: true),
            SettingsField(
                "source", \.source, .word, "What is mounted: a device, UUID=…, host:/path.", aliases: ["src"]),
            SettingsField("type", \.type, .word, "The kind of file system, such as ext4."),
            SettingsField("options", \.options, .word, "Options, with commas between them."),
            SettingsField("dump", \.dump, .integer(in: 0...1), "The fifth field of fstab."),
            SettingsField("pass", \.pass, .integer(in: 0...9), "The order of checks at boot; 0 is none."),
            SettingsField(
                "state", \.state, .choice(),
                "mounted: in fstab and mounted; present: only in fstab; unmounted: neither in use nor out of fstab; absent: neither."
            ),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if state == .mounted || state == .present, source == nil || type == nil {
            complaints.error(at: \Self.state, "\(state.rawValue) needs source and type")
        }
        if path == "/", state == .absent || state == .unmounted {
            complaints.error(at: \Self.path, "the root stays mounted")
        }
    }

    package var label: String { path }
    private var table: TextFileEdit { TextFileEdit(path: "/etc/fstab", create: true) }

    package func probe(_ request: inout ProbeRequest) {
        table.probe(&request)
        if state == .mounted { request.path(path) }
        if state != .present { request.ask(MountResource.mounted, path) }
    }

    /// What is mounted on the items, as /proc/self/mountinfo writes it, one path a line.
    static let mounted = Query("mounts") { paths in
        let patterns = paths.map { ShellText.quoted(Fstab.escaped($0)) }.joined(separator: "|")
        return
            "while read -r a b c d m r; do case $m in \(patterns)) printf '%s\\n' \"$m\";; esac; done </proc/self/mountinfo"
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        var comparison = Comparison()
        let before = comparison.differences.count
        switch state {
        case .mounted, .present:
            try table.apply(&host, &comparison) { (text) in put(&text) }
        case .absent:
            if try host.status("/etc/fstab") != nil { try table.apply(&host, &comparison) { (text) in remove(&text) } }
        case .unmounted: break
        }
        let changed = comparison.differences.count > before
        let isMounted = host.lines(MountResource.mounted).contains(Fstab.escaped(path)[...])
        let word = ShellText.quoted(path)
        switch (state, isMounted) {
        case (.mounted, false):
            comparison.differ("mounted", from: "false", to: "true")
            if try host.status(path) == nil { comparison.steps.text("(umask 022; mkdir -p \(word))") }
            comparison.steps.text("mount \(word)")
        case (.mounted, true) where changed:
            // Other options take hold at once; another source does not, and the mount(8) says so.
            comparison.steps.text("mount -o remount \(word)")
        case (.unmounted, true), (.absent, true):
            comparison.differ("mounted", from: "true", to: "false")
            comparison.steps.text("umount \(word)")
        default: break
        }
        return comparison
    }

    private var line: [UInt8] {
        let fields = [source ?? "none", path, type ?? "auto", options].map { Fstab.escaped($0) }
        return Array((fields + ["\(dump)", "\(pass)"]).joined(separator: "\t").utf8)
    }

    private func put(_ text: inout TextLines) {
        let places = text.lines.indices.filter { Fstab.fields(text.lines[$0])?[1] == Fstab.escaped(path) }
        guard let last = places.last else { return text.insert([line], at: text.lines.count) }
        if Fstab.fields(text.lines[last]) != Fstab.fields(line) { text.replace(last, line) }
    }

    private func remove(_ text: inout TextLines) {
        text.lines.removeAll { Fstab.fields($0)?[1] == Fstab.escaped(path) }
    }
}

enum Fstab {
    /// The six fields of a line, with what may be left out filled in; nil for a comment.
    static func fields(_ line: [UInt8]) -> [String]? {
        let words = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count >= 2, let first = words.first, !first.hasPrefix("#") else { return nil }
        return Array((words + ["auto", "defaults", "0", "0"].dropFirst(max(0, words.count - 2))).prefix(6))
    }

    /// As fstab(5) and /proc/self/mountinfo write a path.
    static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\134").replacing(" ", with: "\\040").replacing("\t", with: "\\011")
            .replacing("\n", with: "\\012")
    }
}
