import SSHTransport
package import Settings

/// `hostname`: the host's name, as it runs now and in /etc/hostname.
package struct HostnameResource: Resource {
    package static let keyword = "hostname"
    package static let summary = "The host's name, now and after a boot."

    package var name = ""
    package var inPlace = false

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("name", \.name, .hostName, "The name, with or without its domain.", required: true),
            SettingsField(
                "inPlace", \.inPlace, .bool,
                "Write into the existing /etc/hostname, for one that is a mount point. Not atomic."),
        ]
    }

    package var label: String { name }
    private var file: TextFileEdit { TextFileEdit(path: "/etc/hostname", create: true, inPlace: inPlace) }

    package func probe(_ request: inout ProbeRequest) {
        file.probe(&request)
        request.ask(HostnameResource.running, "")
    }

    static let running = Query("hostname") { _ in "uname -n" }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        var comparison = Comparison()
        try file.apply(&host, &comparison) { (text) in
            let names = text.lines.filter { !$0.isEmpty && $0.first != UInt8(ascii: "#") }
            if names != [Array(name.utf8)] { text = TextLines(Array("\(name)\n".utf8)) }
        }
        let running = host.lines(HostnameResource.running).first.map(String.init)
        if running != name {
            comparison.differ("running name", from: running, to: name)
            let word = ShellText.quoted(name)
            comparison.steps.text(
                "if command -v hostname >/dev/null 2>&1; then hostname \(word); else printf '%s\\n' \(word) >/proc/sys/kernel/hostname; fi"
            )
        }
        return comparison
    }
}

extension ValueFormat where Value == String {
    /// A name of hostname(7): labels of letters, digits and hyphens, 64 bytes in all.
    package static var hostName: ValueFormat {
        parsed(
            name: "a host's name", allowed: "letters, digits, hyphens and dots, at most 64",
            pattern: "^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$",
            parse: { text in
                let labels = text.split(separator: ".", omittingEmptySubsequences: false)
                let isGood = labels.allSatisfy { label in
                    (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                        && label.utf8.allSatisfy {
                            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == UInt8(ascii: "-")
                        }
                }
                return isGood && text.utf8.count <= 64 ? text : nil
            }, render: { $0 })
    }
}
