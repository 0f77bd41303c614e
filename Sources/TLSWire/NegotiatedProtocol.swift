/// The application protocol that ALPN settled (RFC 7301 section 3, RFC 9113 section 3.2).
package enum NegotiatedProtocol: String, Hashable, Sendable, CaseIterable {
    case http1 = "http/1.1"
    case http2 = "h2"
    /// The peer offered nothing, or nothing that we know: HTTP/1.1 by custom.
    case none = ""

    init(alpn: String?) {
        self = alpn.flatMap(NegotiatedProtocol.init(rawValue:)) ?? .none
    }
}
