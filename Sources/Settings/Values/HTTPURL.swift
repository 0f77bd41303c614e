import Base

/// An `http` or `https` URL (RFC 3986) with a host. Its description hides the user's name and password.
package struct HTTPURL: Hashable, Sendable, CustomStringConvertible {
    package enum Scheme: String, Sendable { case http, https }

    /// What servers take as a request line at least (RFC 9112, section 3, recommends 8,000).
    private static let longest = 8192

    package let scheme: Scheme
    /// A name, an IPv4 address, or an IPv6 address without its brackets.
    package let host: String
    /// As written; `effectivePort` has the scheme's default.
    package let port: UInt16?
    /// Path and query as the request line needs them: `/` at least.
    package let target: String
    private let userInformation: Secret?

    package var effectivePort: UInt16 { port ?? (scheme == .https ? 443 : 80) }
    package var hasUserInformation: Bool { userInformation != nil }

    /// The URL in full, user information included: for the client that connects, never for a message.
    package func reveal() -> String { text(userInformation?.reveal()) }

    package var description: String { text(userInformation == nil ? nil : Secret.placeholder) }

    private func text(_ user: String?) -> String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return "\(scheme.rawValue)://\(user.map { $0 + "@" } ?? "")\(name)\(port.map { ":\($0)" } ?? "")\(target)"
    }

    /// Nil where `text` is no such URL. A fragment is refused: it is never sent.
    package init?(_ text: String) {
        if case .success(let url) = HTTPURL.read(text) { self = url } else { return nil }
    }

    static func read(_ text: String) -> Result<HTTPURL, QuantityObjection> {
        func no(_ clause: String?) -> Result<HTTPURL, QuantityObjection> { .failure(QuantityObjection(clause: clause)) }
        guard text.utf8.count <= longest else { return no("which is longer than \(longest) characters") }
        guard let colon = text.range(ofText: "://") else { return no("which has no scheme") }
        guard let scheme = Scheme(rawValue: text[..<colon.lowerBound].lowercased()) else {
            return no("whose scheme is another")
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"\"<>\\^`{|}".utf8.contains($0) }) else {
            return no("which holds a character that a URL writes as %XX")
        }
        guard !text.utf8.contains(UInt8(ascii: "#")) else {
            return no("which has a fragment (#), and that is never sent")
        }
        let rest = text[colon.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest[authority.endIndex...]
        let at = authority.lastIndex(of: "@")
        let user = at.map { Secret(String(authority[..<$0])) }
        let place = at.map { authority[authority.index(after: $0)...] } ?? authority
        guard let (host, port) = HostAndPort.split(String(place)) else { return no("whose host or port is not right") }
        guard !host.isEmpty else { return no("which has no host") }
        let path = target.hasPrefix("/") ? String(target) : "/" + target
        return .success(HTTPURL(scheme: scheme, host: host, port: port, target: path, userInformation: user))
    }

    private init(scheme: Scheme, host: String, port: UInt16?, target: String, userInformation: Secret?) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.target = target
        self.userInformation = userInformation
    }
}

extension String {
    /// The first occurrence of ASCII `text`.
    func range(ofText text: String) -> Range<String.Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(text) { return index..<self.index(index, offsetBy: text.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
