package import Settings

/// `timezone`: the host's time zone, as the link /etc/localtime, and in /etc/timezone where that file is.
package struct TimezoneResource: Resource {
    package static let keyword = "timezone"
    package static let summary = "The host's time zone."
    private static let folder = "/usr/share/zoneinfo/"

    package var name = ""

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [SettingsField("name", \.name, .timezone, "Such as Europe/Berlin or UTC.", required: true)]
    }

    package var label: String { name }
    private var file: TextFileEdit { TextFileEdit(path: "/etc/timezone") }

    private var link: SymlinkResource {
        var link = SymlinkResource()
        (link.path, link.target, link.force) = ("/etc/localtime", TimezoneResource.folder + name, true)
        return link
    }

    package func probe(_ request: inout ProbeRequest) {
        request.path(TimezoneResource.folder + name)
        link.probe(&request)
        file.probe(&request)
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        guard try host.status(TimezoneResource.folder + name) != nil else {
            guard host.changesBefore else {
                throw ResourceFault("the host knows no time zone \(name): install tzdata, or mind the spelling")
            }
            return .deferred("the time zone \(name) may come with an earlier change")
        }
        var comparison = Comparison()
        // A relative link to the same file is as good.
        let target = try host.status("/etc/localtime")?.target
        if target != ".." + TimezoneResource.folder + name { comparison = try link.compare(&host) }
        if try host.status("/etc/timezone")?.kind == .file {
            try file.apply(&host, &comparison) { (text) in
                if text.lines != [Array(name.utf8)] { text = TextLines(Array("\(name)\n".utf8)) }
            }
        }
        return comparison
    }
}

extension ValueFormat where Value == String {
    package static var timezone: ValueFormat {
        parsed(
            name: "a time zone", allowed: "such as Europe/Berlin or UTC", pattern: "^[A-Za-z0-9_+/-]+$",
            parse: { text in
                let parts = text.split(separator: "/", omittingEmptySubsequences: false)
                let isGood =
                    parts.count <= 3
                    && parts.allSatisfy { part in
                        !part.isEmpty
                            && part.utf8.allSatisfy {
                                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20)
                                    || "_+-".utf8.contains($0)
                            }
                    }
                return isGood && text.utf8.count <= 100 ? text : nil
            }, render: { $0 })
    }
}
