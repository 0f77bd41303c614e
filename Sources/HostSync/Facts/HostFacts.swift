package import Settings
import Terminal

/// What a host says of itself, as templates and conditions see it under `facts`.
///
/// Names: `hostname`, `kernel`, `kernelRelease`, `architecture`, `user`, `uid`, `cpuCount`, `memoryBytes`, `bootId`,
/// `os.id`, `os.name`, `os.version`, `os.codename`, `os.family`, `packageManager`, `serviceManager`, `selinux`,
/// `addresses`, `interfaces` and `has.<program>`.
package struct HostFacts: Sendable, Equatable {
    package let values: OrderedMap<Value>

    package static let none = HostFacts(values: OrderedMap())

    private init(values: OrderedMap<Value>) { self.values = values }

    /// Reads what `FactsScript` prints. Lines that are no facts are ignored; nothing here can fail.
    package init(parsing text: String) {
        var plain: [String: String] = [:]
        var release: [String: String] = [:]
        var programs = OrderedMap<Value>()
        var interfaces = OrderedMap<Value>()
        var addresses: [Value] = []
        for line in text.split(separator: "\n").prefix(2000) {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let (key, value) = (String(line[..<equals]), String(line[line.index(after: equals)...].prefix(1000)))
            if key.hasPrefix("os.") {
                release[String(key.dropFirst(3))] = HostFacts.unquoted(value)
            } else if key.hasPrefix("has.") {
                programs.set(String(key.dropFirst(4)), .bool(true))
            } else if key == "address" {
                let words = value.split(separator: " ").map(String.init)
                guard words.count == 2 else { continue }
                interfaces.set(words[0], .list((interfaces[words[0]]?.list ?? []) + [.string(words[1])]))
                if words[0] != "lo" { addresses.append(.string(words[1])) }
            } else {
                plain[key] = value
            }
        }
        var map = OrderedMap<Value>()
        for key in ["hostname", "kernel", "kernelRelease", "architecture", "user", "bootId"] {
            map.set(key, .string(plain[key] ?? ""))
        }
        for key in ["uid", "cpuCount"] { map.set(key, .integer(plain[key].flatMap { Int($0) } ?? 0)) }
        let memory = plain["memoryKiB"].flatMap { Int($0) } ?? 0
        map.set("memoryBytes", .integer(memory.multipliedReportingOverflow(by: 1024).partialValue))
        map.set("os", .map(HostFacts.os(release)))
        map.set("packageManager", .string(plain["packageManager"] ?? ""))
        map.set("serviceManager", .string(plain["serviceManager"] ?? ""))
        map.set("selinux", .bool(plain["selinux"] == "true"))
        map.set("addresses", .list(addresses))
        map.set("interfaces", .map(interfaces))
        map.set("has", .map(programs))
        values = map
    }

    /// Whether the far end is root, which decides where state is kept.
    var isRoot: Bool { values["uid"] == .integer(0) }

    /// One line of JSON: `{"host":"web1","facts":{…}}`.
    package func json(host: String) -> String {
        var map = OrderedMap<Value>()
        map.set("host", .string(host))
        map.set("facts", .map(values))
        return Value.map(map).json
    }

    /// The host's name, then a fact a line under the name by which a template calls it.
    package func text(host: String) -> String {
        var lines = [TerminalText.visible(host)]
        func add(_ prefix: String, _ map: OrderedMap<Value>) {
            for pair in map {
                if case .map(let inner) = pair.value, pair.key != "interfaces" {
                    add("\(prefix)\(pair.key).", inner)
                } else {
                    lines.append(TerminalText.visible("  \(prefix)\(pair.key) = \(pair.value.json)"))
                }
            }
        }
        add("facts.", values)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func os(_ release: [String: String]) -> OrderedMap<Value> {
        let id = release["ID"] ?? ""
        let relatives = [id] + (release["ID_LIKE"] ?? "").split(separator: " ").map(String.init)
        var os = OrderedMap<Value>()
        os.set("id", .string(id))
        os.set("name", .string(release["NAME"] ?? ""))
        os.set("version", .string(release["VERSION_ID"] ?? ""))
        os.set("codename", .string(release["VERSION_CODENAME"] ?? ""))
        os.set("family", .string(family(relatives)))
        return os
    }

    private static func family(_ ids: [String]) -> String {
        for id in ids {
            switch id {
            case "debian", "ubuntu": return "debian"
            case "rhel", "fedora", "centos": return "redhat"
            case "suse", "opensuse", "sles": return "suse"
            case "alpine": return "alpine"
            case "arch": return "arch"
            default: continue
            }
        }
        return ids.first ?? ""
    }

    /// os-release(5) quotes as a shell does.
    private static func unquoted(_ value: String) -> String {
        guard value.count >= 2, let first = value.first, first == "\"" || first == "'", value.last == first else {
            return value
        }
        return String(value.dropFirst().dropLast())
    }
}
