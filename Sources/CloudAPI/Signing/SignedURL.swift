/// The pieces of a request's URL that a signature covers.
struct SignedURL {
    /// `host` or `host:port`, the port only where it is not the scheme's own: what the HTTP client sends as `Host`.
    let host: String
    /// As it goes out, `/` at least.
    let path: String
    /// As it goes out, pairs in the order of encoded names, then values.
    let query: [(name: Substring, value: Substring)]

    init(_ url: String) {
        let isTLS = url.hasPrefix("https://")
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let ownPort = isTLS ? ":443" : ":80"
        host = String(authority.hasSuffix(ownPort) ? authority.dropLast(ownPort.utf8.count) : authority)
        let target = rest[authority.endIndex...]
        let path = target.prefix { $0 != "?" }
        self.path = path.isEmpty ? "/" : String(path)
        query = target[path.endIndex...].dropFirst().split(separator: "&").map { pair in
            let name = pair.prefix { $0 != "=" }
            return (name: name, value: pair[name.endIndex...].dropFirst())
        }.sorted { left, right in
            left.name == right.name
                ? left.value.utf8.lexicographicallyPrecedes(right.value.utf8)
                : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        }
    }
}

extension String {
    /// Without white space at both ends, and runs of spaces inside made one (Signature Version 4, "Trim").
    var trimmedForSigning: String {
        split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" }.joined(separator: " ")
    }
}
