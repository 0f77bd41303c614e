package import HTTPWire

/// What a request asks for, as the store finds it: `scheme://authority/path?query`, the authority in lower case and
/// without the scheme's own port. Methods, and the request fields that make variants, are no part of it: so one call
/// removes all that is stored for a URI.
///
/// The hash has a seed of its own in each process, so that nobody can aim requests at one place of the table.
package struct CacheKey: Hashable, Sendable {
    package let bytes: [UInt8]
    package let hash: UInt64

    package init(_ view: CacheKeyView) {
        bytes = Array(view.bytes)
        hash = view.hash
    }

    /// For what is not on the hot path.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        hash = bytes.withUnsafeBytes { CacheKeyView($0).hash }
    }

    package static func == (left: CacheKey, right: CacheKey) -> Bool {
        left.hash == right.hash && left.bytes == right.bytes
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }

    package func withView<Result>(_ body: (CacheKeyView) -> Result) -> Result {
        bytes.withUnsafeBytes { body(CacheKeyView(bytes: $0, hash: hash)) }
    }
}

/// A key whose bytes lie elsewhere: for looking up without an allocation. Valid as long as they are.
package struct CacheKeyView {
    package let bytes: UnsafeRawBufferPointer
    package let hash: UInt64

    package init(_ bytes: UnsafeRawBufferPointer) {
        var hasher = Hasher()
        hasher.combine(bytes: bytes)
        self.init(bytes: bytes, hash: UInt64(truncatingIfNeeded: hasher.finalize()))
    }

    init(bytes: UnsafeRawBufferPointer, hash: UInt64) {
        self.bytes = bytes
        self.hash = hash
    }

    func isEqual(to key: CacheKey) -> Bool {
        hash == key.hash && key.bytes.withUnsafeBytes { bytes.isEqual(to: $0) }
    }
}

/// The parts of a request's URI, in the form in which it is routed and sent on: what two spellings make one request
/// must make one key, and what the upstream can tell apart must make two.
package struct CacheTarget {
    package var isSecure: Bool
    package var authority: UnsafeRawBufferPointer
    /// After normalisation; `/` when it is empty.
    package var path: UnsafeRawBufferPointer
    /// nil without `?`.
    package var query: UnsafeRawBufferPointer?

    package init(
        isSecure: Bool, authority: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, query: UnsafeRawBufferPointer?
    ) {
        self.isSecure = isSecure
        self.authority = authority
        self.path = path
        self.query = query
    }

    /// Writes the key in place of what `out` holds, and looks at it. One copy, one hash (SipHash, some 20 ns for 60
    /// bytes).
    package func key(ignoringQuery: Bool = false, in out: WireBuffer) -> CacheKeyView {
        out.clear()
        writeOrigin(to: out)
        if path.isEmpty { out.append(UInt8(ascii: "/")) } else { out.append(path) }
        if !ignoringQuery, let query {
            out.append(UInt8(ascii: "?"))
            out.append(query)
        }
        return CacheKeyView(out.readable)
    }

    /// `scheme://authority`, without the scheme's own port.
    func writeOrigin(to out: WireBuffer) {
        out.append(isSecure ? "https://" : "http://")
        let port: StaticString = isSecure ? ":443" : ":80"
        var count = authority.count
        if count > port.utf8CodeUnitCount {
            let end = UnsafeRawBufferPointer(rebasing: authority[(count - port.utf8CodeUnitCount)...])
            if ASCII.isSame(end, word: port) { count -= port.utf8CodeUnitCount }
        }
        let room = out.reserve(count)
        for index in 0..<count { room[index] = ASCII.lower(authority[index]) }
        out.commit(count)
    }
}
