extension ValueFormat where Value == HTTPURL {
    /// An `http` or `https` URL with a host. User information in it is never shown.
    package static var url: ValueFormat {
        let wanted = "a URL such as https://host:port/path"
        return ValueFormat(
            wanted: wanted,
            decode: { node, decoder in
                guard let input = decoder.scalar(node, wanted: wanted) else { return nil }
                switch HTTPURL.read(input.text) {
                case .success(let url): return url
                case .failure(let objection):
                    // A malformed URL may still hold a password before its @.
                    let hides = input.isReferenced || input.text.utf8.contains(UInt8(ascii: "@"))
                    let found = hides && !input.isReferenced ? "a URL" : input.found
                    let clause = input.isReferenced ? nil : objection.clause
                    decoder.refuse(
                        at: input.position, "found \(found)\(clause.map { ", \($0)" } ?? ""); wanted \(wanted)")
                    return nil
                }
            },
            render: { value, renderer in
                if renderer.mode == .revealed { return .text(value.reveal()) }
                return renderer.reference.map { .written($0) } ?? .text(value.description)
            },
            schema: { _ in [.object([("type", "string"), ("pattern", #"^[hH][tT][tT][pP][sS]?://[^#\s]+$|\$\{"#)])] })
    }
}

extension ValueFormat where Value == NetworkAddress {
    /// An address to listen on or connect to: `127.0.0.1:9900`, `[::1]:9900`, `:9900`, `unix:/run/apus.sock`.
    package static var socketAddress: ValueFormat {
        parsed(
            name: "an address", allowed: "host:port, [IPv6]:port, :port or unix:/path",
            pattern: #"^(unix:[/@].+|.*:[0-9]{1,5})$"#,
            parse: { NetworkAddress($0) }, render: { $0.description })
    }
}
