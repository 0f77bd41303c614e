import Glibc

/// Where a socket listens or connects: `127.0.0.1:9900`, `[::1]:9900`, `localhost:9900`, `:9900`,
/// `unix:/run/apus.sock`.
package enum NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    /// An empty host means every interface. IPv6 addresses stand without brackets here.
    case tcp(host: String, port: UInt16)
    case unix(path: String)

    /// The kernel's `sun_path` less its final zero (unix(7)).
    static let longestPath = 107

    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/") || path.hasPrefix("@"), (2...NetworkAddress.longestPath).contains(path.utf8.count)
            else {
                return nil
            }
            self = .unix(path: path)
            return
        }
        guard let (host, port) = HostAndPort.split(text), let port else { return nil }
        self = .tcp(host: host, port: port)
    }

    package var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    /// True where only this host can reach it: a Unix socket, 127.0.0.0/8, ::1, or the name localhost.
    package var isLocal: Bool {
        switch self {
        case .unix: true
        case .tcp(let host, _):
            host == "localhost" || host == "::1" || (host.hasPrefix("127.") && HostAndPort.isIPv4(host))
        }
    }
}

/// `host`, `host:port`, `[IPv6]:port` and `:port`.
enum HostAndPort {
    /// Nil where host or port is malformed; the port is nil where none is written.
    static func split(_ text: String) -> (host: String, port: UInt16?)? {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            guard isIPv6(host) else { return nil }
            if rest.isEmpty { return (host, nil) }
            guard rest.hasPrefix(":"), let port = port(rest.dropFirst()) else { return nil }
            return (host, port)
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let host = parts.first, host.isEmpty || isHost(String(host)) else { return nil }
        guard parts.count == 2 else { return (String(host), nil) }
        guard let port = port(parts[1]) else { return nil }
        return (String(host), port)
    }

    private static func port(_ text: Substring) -> UInt16? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt16(text)
    }

    /// An IPv4 address or a name of letters, digits, `-`, `_` and dots (RFC 1123); a name of digits only is a bad
    /// address.
    private static func isHost(_ host: String) -> Bool {
        if host.utf8.allSatisfy({ $0 == 0x2E || (0x30...0x39).contains($0) }) { return isIPv4(host) }
        guard host.utf8.count <= 253 else { return false }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.utf8.first != 0x2D && label.utf8.last != 0x2D
                && label.utf8.allSatisfy { byte in
                    byte == 0x2D || byte == 0x5F || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
                }
        }
    }

    static func isIPv4(_ text: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, text, &address) == 1
    }

    static func isIPv6(_ text: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET6, text, &address) == 1
    }
}
