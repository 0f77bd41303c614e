import SSHTransport
package import Settings

/// `sysctl`: a setting of the kernel, as it runs now and as the next boot sets it.
package struct SysctlResource: Resource {
    package static let keyword = "sysctl"
    package static let summary = "A kernel setting, now and after a boot."

    package var name = ""
    package var value: String?
    package var file = "/etc/sysctl.d/90-apus.conf"
    package var state = DeclaredState.present

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("name", \.name, .sysctlName, "Such as net.ipv4.ip_forward.", required: true),
            SettingsField("value", \.value, .oneLine, "The value; several numbers are separated by one space."),
            SettingsField("file", \.file, .hostPath, "Where the value is kept for the next boot."),
            DeclaredState.field(
                \.state, "Whether the file sets it; absent removes it from there, and leaves the running value."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if state == .present, value == nil { complaints.error(at: \Self.value, "is needed with state: present") }
    }

    package var label: String { name }
    private var text: TextFileEdit { TextFileEdit(path: file, create: true) }

    package func probe(_ request: inout ProbeRequest) {
        text.probe(&request)
        if state == .present { request.ask(SysctlResource.running, name) }
    }

    /// `NAME|VALUE`, by the files of /proc/sys; a setting of several numbers has tabs between them.
    static let running = Query("sysctl") { names in
        names.map { name in
            let path = ShellText.quoted(SysctlResource.procPath(name))
            return
                "if [ -r \(path) ]; then IFS= read -r v <\(path); printf '%s|%s\\n' \(ShellText.quoted(name)) \"$v\"; fi"
        }.joined(separator: "\n") + "\n:"
    }

    /// Dots are slashes, except where the name is written with slashes: then a dot is one of an interface's name.
    static func procPath(_ name: String) -> String {
        "/proc/sys/" + (name.contains("/") ? name : name.replacing(".", with: "/"))
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        var comparison = Comparison()
        if state == .absent {
            guard try host.status(file) != nil else { return comparison }
            try text.apply(&host, &comparison) { (lines) in
                lines.lines = lines.lines.filter { SysctlResource.key(of: $0) != SysctlResource.procPath(name) }
            }
            return comparison
        }
        let wanted = SysctlResource.normal(value ?? "")
        let prefix = name + "|"
        let found = host.lines(SysctlResource.running).first { $0.hasPrefix(prefix) }
        let running = found.map { SysctlResource.normal($0.dropFirst(prefix.count)) }
        if running == nil, host.changesBefore {
            return .deferred("the setting \(name) may come with an earlier change")
        }
        guard running != nil else {
            throw ResourceFault("the kernel has no setting \(name), or it cannot be read: load its module before")
        }
        let line = "\(name) = \(wanted)"
        try text.apply(&host, &comparison) { (lines) in
            let places = lines.lines.indices.filter {
                SysctlResource.key(of: lines.lines[$0]) == SysctlResource.procPath(name)
            }
            guard let last = places.last else { return lines.insert([Array(line.utf8)], at: lines.lines.count) }
            if SysctlResource.value(of: lines.lines[last]) != wanted { lines.replace(last, Array(line.utf8)) }
        }
        guard running != wanted else { return comparison }
        comparison.differ("running value", from: running, to: wanted)
        comparison.steps.text(
            "printf '%s\\n' \(ShellText.quoted(wanted)) >\(ShellText.quoted(SysctlResource.procPath(name)))")
        return comparison
    }

    /// The path that a line of sysctl.conf(5) sets, nil for a comment.
    private static func key(of line: [UInt8]) -> String? {
        let text = String(decoding: line, as: UTF8.self)
        guard let equals = text.firstIndex(of: "="), let first = text.first, first != "#", first != ";" else {
            return nil
        }
        let key = normal(text[..<equals])
        return procPath(key.hasPrefix("-") ? String(key.dropFirst()) : key)
    }

    private static func value(of line: [UInt8]) -> String {
        let text = String(decoding: line, as: UTF8.self)
        return normal(text.firstIndex(of: "=").map { text[text.index(after: $0)...] } ?? "")
    }

    /// Words with one space between them.
    private static func normal(_ text: some StringProtocol) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

extension ValueFormat where Value == String {
    /// `net.ipv4.ip_forward`, or with slashes where a part holds a dot: `net/ipv4/conf/eth0.1/rp_filter`.
    package static var sysctlName: ValueFormat {
        parsed(
            name: "a kernel setting", allowed: "such as vm.swappiness", pattern: "^[A-Za-z0-9_./:*-]+$",
            parse: { text in
                let parts = text.split(omittingEmptySubsequences: false) { text.contains("/") ? $0 == "/" : $0 == "." }
                let isGood =
                    parts.count >= 2
                    && parts.allSatisfy { part in
                        !part.isEmpty && part != "." && part != ".."
                            && part.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"=#;|'\"\\$`".utf8.contains($0) }
                    }
                return isGood && text.utf8.count <= 200 && !text.hasPrefix("-") ? text : nil
            }, render: { $0 })
    }
}
