/// From a request's host to the most specific set of routes for it.
struct HostTable: Sendable {
    private static let exact: UInt32 = 0
    private static let below: UInt32 = 1

    private var table = ByteTable()
    private var hasWildcards = false
    private var any: Int32 = ByteTable.none

    mutating func insert(_ pattern: HostPattern, _ set: Int32) {
        switch pattern {
        case .any: any = set
        case .exact(let name): _ = table.insert(HostTable.exact, Array(name.utf8)) { set }
        case .below(let suffix):
            hasWildcards = true
            _ = table.insert(HostTable.below, Array(suffix.utf8)) { set }
        }
    }

    /// The set for `authority`: without its port and a final dot, in lower case. Hosts of more than 253 bytes are no
    /// names and fit only routes for any host; so the lookups by suffix touch at most 253 times 127 bytes.
    func find(_ authority: UnsafeRawBufferPointer) -> Int32 {
        if table.isEmpty { return any }
        let name = HostTable.name(of: authority)
        guard !name.isEmpty, name.count <= HostPattern.longestName else { return any }
        return withUnsafeTemporaryAllocation(byteCount: name.count, alignment: 8) { lower in
            for index in 0..<name.count { lower[index] = ASCII.lower(name[index]) }
            return find(lower: UnsafeRawBufferPointer(lower))
        }
    }

    private func find(lower: UnsafeRawBufferPointer) -> Int32 {
        let set = table.find(HostTable.exact, lower)
        return set != ByteTable.none ? set : wildcard(lower)
    }

    /// The longest `*.suffix`, which is the one at the first dot that has any; at least one byte stands before it.
    private func wildcard(_ lower: UnsafeRawBufferPointer) -> Int32 {
        guard hasWildcards, lower.count > 1 else { return any }
        for index in 1..<lower.count where lower[index] == PathByte.dot {
            let set = table.find(HostTable.below, UnsafeRawBufferPointer(rebasing: lower[index...]))
            if set != ByteTable.none { return set }
        }
        return any
    }

    /// The set that a host of this pattern falls to next, the same for all of its hosts.
    func lessSpecific(than pattern: HostPattern) -> Int32 {
        switch pattern {
        case .any: ByteTable.none
        case .exact(let name): Array(name.utf8).withUnsafeBytes { wildcard($0) }
        // A name below `.a.b` is one below `.b`, too: the pattern's own first dot is no place to look at.
        case .below(let suffix): Array(suffix.utf8).withUnsafeBytes { wildcard($0) }
        }
    }

    /// Without the port and one final dot: `[::1]:80` is `[::1]`.
    static func name(of authority: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var end = authority.count
        if authority.first == UInt8(ascii: "[") {
            end = authority.firstIndex(of: UInt8(ascii: "]")).map { $0 + 1 } ?? end
        } else if let colon = authority.firstIndex(of: UInt8(ascii: ":")) {
            end = colon
        }
        if end > 1, authority[end - 1] == PathByte.dot { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: authority[..<end])
    }
}

enum ASCII {
    @inline(__always)
    static func lower(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// Whether `bytes` are `lower`, which is in lower case already, case aside.
    static func isSame(_ bytes: UnsafeRawBufferPointer, _ lower: [UInt8]) -> Bool {
        guard bytes.count == lower.count else { return false }
        for index in 0..<bytes.count where ASCII.lower(bytes[index]) != lower[index] { return false }
        return true
    }
}
