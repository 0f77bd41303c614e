import Glibc
package import Settings

/// `hostsEntry`: an address and its names in hosts(5).
///
/// A name belongs to one address of each family: it is taken from the lines of others. Names that a line has beside the
/// declared ones stay, and so do comments.
package struct HostsEntryResource: Resource {
    package static let keyword = "hostsEntry"
    package static let summary = "An address with its names in /etc/hosts."

    package var ip = ""
    package var names: [String] = []
    package var state = DeclaredState.present
    package var path = "/etc/hosts"
    package var inPlace = false

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("ip", \.ip, .ipAddress, "The address, of IPv4 or IPv6.", required: true),
            SettingsField(
                "names", \.names, .oneOrMany(of: .word),
                "Its names, the canonical one first. With state: absent, none means every name of the address."),
            DeclaredState.field(\.state, "Whether the address has these names."),
            SettingsField("path", \.path, .hostPath, "Another file than /etc/hosts, of the same form."),
            SettingsField(
                "inPlace", \.inPlace, .bool, "Write into the existing file, for one that is a mount point. Not atomic."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if state == .present, names.isEmpty { complaints.error(at: \Self.names, "needs a name at least") }
        for (index, name) in names.enumerated() where name.contains("#") {
            complaints.error(at: "names[\(index)]", "must not hold #, which begins a comment")
        }
    }

    package var label: String { names.isEmpty ? ip : "\(ip) \(names.joined(separator: " "))" }

    package func probe(_ request: inout ProbeRequest) { TextFileEdit(path: path).probe(&request) }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        var comparison = Comparison()
        if state == .absent, try host.status(path) == nil { return comparison }
        try TextFileEdit(path: path, create: true, inPlace: inPlace).apply(&host, &comparison) { (text) in
            if state == .present { put(&text) } else { remove(&text) }
        }
        return comparison
    }

    private func put(_ text: inout TextLines) {
        var isThere = false
        var kept: [[UInt8]] = []
        for line in text.lines {
            guard var entry = HostsLine(line), entry.isIPv6 == ip.contains(":") else {
                kept.append(line)
                continue
            }
            if entry.ip == ip, !isThere, entry.names.contains(where: { names.contains($0) }) {
                isThere = true
                entry.names = names + entry.names.filter { !names.contains($0) }
            } else {
                entry.names.removeAll { names.contains($0) }
            }
            if !entry.names.isEmpty { kept.append(entry.bytes(insteadOf: line)) }
        }
        text.lines = kept
        if !isThere { text.insert([Array("\(ip)\t\(names.joined(separator: " "))".utf8)], at: text.lines.count) }
    }

    private func remove(_ text: inout TextLines) {
        text.lines = text.lines.compactMap { line in
            guard var entry = HostsLine(line), entry.ip == ip else { return line }
            entry.names.removeAll { names.isEmpty || names.contains($0) }
            return entry.names.isEmpty ? nil : entry.bytes(insteadOf: line)
        }
    }
}

/// One line of hosts(5) that holds an address.
struct HostsLine {
    let ip: String
    var names: [String]
    private let comment: String
    private let found: [String]

    var isIPv6: Bool { ip.contains(":") }

    init?(_ bytes: [UInt8]) {
        let line = String(decoding: bytes, as: UTF8.self)
        let hash = line.firstIndex(of: "#") ?? line.endIndex
        let words = line[..<hash].split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count >= 2 else { return nil }
        (ip, names, found) = (words[0], Array(words.dropFirst()), Array(words.dropFirst()))
        comment = String(line[hash...])
    }

    /// The line as it was where the names are; otherwise written anew.
    func bytes(insteadOf line: [UInt8]) -> [UInt8] {
        if names == found { return line }
        return Array("\(ip)\t\(names.joined(separator: " "))\(comment.isEmpty ? "" : " " + comment)".utf8)
    }
}

extension ValueFormat where Value == String {
    /// An address of IPv4 or IPv6 as inet_pton(3) reads it.
    package static var ipAddress: ValueFormat {
        parsed(
            name: "an IP address", allowed: "such as 192.0.2.7 or 2001:db8::7", pattern: "^[0-9a-fA-F:.]+$",
            parse: { text in
                var place = in6_addr()
                let isGood = inet_pton(AF_INET, text, &place) == 1 || inet_pton(AF_INET6, text, &place) == 1
                return isGood ? text : nil
            }, render: { $0 })
    }
}
