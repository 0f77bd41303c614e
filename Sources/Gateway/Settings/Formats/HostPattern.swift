package import Settings

/// The hosts that a route is for: one name, every name below a domain, or all.
package enum HostPattern: Hashable, Sendable {
    /// In lower case, without port and without a final dot; an IPv6 address stands in brackets.
    case exact(String)
    /// `*.example.com`: one label or more before this suffix, which begins with its dot and is in lower case.
    case below(String)
    case any

    /// DNS names have at most 253 characters (RFC 1035, section 2.3.4); no longer host can match any pattern but `any`.
    package static let longestName = 253

    package init?(_ text: String) {
        if text == "*" {
            self = .any
            return
        }
        let name = text.lowercased()
        if name.hasPrefix("*.") {
            let suffix = name.dropFirst()
            guard HostPattern.isName(suffix.dropFirst()) else { return nil }
            self = .below(String(suffix))
            return
        }
        let isAddress = name.hasPrefix("[") && NetworkAddress("\(name):1") != nil
        guard isAddress || HostPattern.isName(name[...]) else { return nil }
        self = .exact(name)
    }

    package var text: String {
        switch self {
        case .exact(let name): name
        case .below(let suffix): "*" + suffix
        case .any: "*"
        }
    }

    /// Letters, digits, `-` and `_` in labels of 1 to 63 (RFC 1123, section 2.1; `_` is common in names inside a
    /// cluster).
    private static func isName(_ name: Substring) -> Bool {
        guard (1...longestName).contains(name.utf8.count) else { return false }
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.utf8.first != 0x2D && label.utf8.last != 0x2D
                && label.utf8.allSatisfy { byte in
                    byte == 0x2D || byte == 0x5F || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
                }
        }
    }
}

extension ValueFormat where Value == HostPattern {
    package static var hostPattern: ValueFormat {
        parsed(
            name: "a host", allowed: "www.example.com, *.example.com or *; without scheme and port",
            pattern: #"^(\*|(\*\.)?[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])$"#,
            parse: { HostPattern($0) }, render: { $0.text })
    }
}
