package import HTTPWire

/// Which URIs an unsafe request may have changed (RFC 9111 section 4.4): its own, and those of Location and
/// Content-Location of the same origin, as nobody may empty the cache of another. At most three, with and without their
/// queries.
package enum Invalidation {
    /// - Parameter space: for keys in the making.
    package static func keys(
        _ target: CacheTarget, method: Method, status: Int, response head: borrowing ResponseHead,
        _ bytes: UnsafeRawBufferPointer, in space: WireBuffer
    ) -> [CacheKey] {
        guard !method.isSafe, method != .connect, status >= 200, status < 400 else { return [] }
        var keys: [CacheKey] = []
        add(target, to: &keys, space)
        for field in head.fields where isLocation(field, bytes) {
            guard keys.count < 6 else { break }
            add(field.value.bytes(in: bytes), target, to: &keys, space)
        }
        return keys
    }

    /// With its query and, for routes that ignore it, without.
    private static func add(_ target: CacheTarget, to keys: inout [CacheKey], _ space: WireBuffer) {
        keys.append(CacheKey(target.key(in: space)))
        if target.query != nil { keys.append(CacheKey(target.key(ignoringQuery: true, in: space))) }
    }

    private static func isLocation(_ field: Field, _ bytes: UnsafeRawBufferPointer) -> Bool {
        field.known == .location || ASCII.isSame(field.name.bytes(in: bytes), word: "content-location")
    }

    /// The keys of a reference (RFC 3986 section 5.2), when it is of the target's origin.
    private static func add(
        _ reference: UnsafeRawBufferPointer, _ target: CacheTarget, to keys: inout [CacheKey], _ space: WireBuffer
    ) {
        let end = reference.firstIndex(of: UInt8(ascii: "#")) ?? reference.count
        var rest = UnsafeRawBufferPointer(rebasing: reference[..<end])
        if let authority = authority(of: &rest, isSecure: target.isSecure) {
            let other = CacheTarget(isSecure: target.isSecure, authority: authority, path: rest, query: nil)
            guard isSameOrigin(other, target, space) else { return }
        } else if rest.first != slash {
            return addRelative(rest, target, to: &keys, space)
        }
        add(parts(rest, target), to: &keys, space)
    }

    /// What is before the path of `scheme://authority…` and `//authority…`, which is taken off; nil where there is
    /// none. Another scheme gives an authority that is nobody's.
    private static func authority(of rest: inout UnsafeRawBufferPointer, isSecure: Bool) -> UnsafeRawBufferPointer? {
        let scheme: StaticString = isSecure ? "https:" : "http:"
        var start = 0
        let length = scheme.utf8CodeUnitCount
        if rest.count > length, ASCII.isSame(UnsafeRawBufferPointer(rebasing: rest[..<length]), word: scheme) {
            start = length
        } else if let colon = rest.firstIndex(of: UInt8(ascii: ":")), !rest[..<colon].contains(where: isDelimiter) {
            return UnsafeRawBufferPointer(rebasing: rest[..<0])
        }
        guard rest.count >= start + 2, rest[start] == slash, rest[start + 1] == slash else { return nil }
        let first = start + 2
        let end = rest[first...].firstIndex(where: isDelimiter) ?? rest.count
        let authority = UnsafeRawBufferPointer(rebasing: rest[first..<end])
        rest = UnsafeRawBufferPointer(rebasing: rest[end...])
        return authority
    }

    private static func isSameOrigin(_ one: CacheTarget, _ other: CacheTarget, _ space: WireBuffer) -> Bool {
        space.clear()
        one.writeOrigin(to: space)
        let first = Array(space.readable)
        space.clear()
        other.writeOrigin(to: space)
        return first.withUnsafeBytes { $0.isEqual(to: space.readable) }
    }

    /// Against the directory of the target's path. Dot segments are not resolved: such a reference names no key.
    private static func addRelative(
        _ rest: UnsafeRawBufferPointer, _ target: CacheTarget, to keys: inout [CacheKey], _ space: WireBuffer
    ) {
        guard !rest.isEmpty else { return }
        let directory = target.path.lastIndex(of: slash).map { target.path[...$0] } ?? target.path[..<0]
        let base = rest[0] == UInt8(ascii: "?") ? target.path[...] : directory
        let path = Array(base) + Array(rest)
        path.withUnsafeBytes { add(parts($0, target), to: &keys, space) }
    }

    private static func parts(_ rest: UnsafeRawBufferPointer, _ target: CacheTarget) -> CacheTarget {
        guard let mark = rest.firstIndex(of: UInt8(ascii: "?")) else {
            return CacheTarget(isSecure: target.isSecure, authority: target.authority, path: rest, query: nil)
        }
        return CacheTarget(
            isSecure: target.isSecure, authority: target.authority,
            path: UnsafeRawBufferPointer(rebasing: rest[..<mark]),
            query: UnsafeRawBufferPointer(rebasing: rest[(mark + 1)...]))
    }

    private static func isDelimiter(_ byte: UInt8) -> Bool { byte == slash || byte == UInt8(ascii: "?") }

    private static let slash = UInt8(ascii: "/")
}
