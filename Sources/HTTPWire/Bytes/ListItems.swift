/// The items of a comma-separated list (RFC 9110 section 5.6.1) without surrounding blanks. Empty items are handed out as
/// empty slices, for the caller to skip or to refuse. Bounded by the value's length.
struct ListItems {
    private let base: UnsafeRawPointer
    private let end: Int
    private var position: Int

    init(_ base: UnsafeRawPointer, _ value: Slice) {
        self.base = base
        position = value.start
        end = value.end
    }

    mutating func next() -> Slice? {
        guard position <= end else { return nil }
        let comma = ByteScan.first(ByteClass.comma, base, from: position, to: end)
        defer { position = comma &+ 1 }
        return ListItems.trimmed(base, from: position, to: comma)
    }

    /// Without the optional white space around it (RFC 9110 section 5.6.3).
    @inline(__always)
    static func trimmed(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> Slice {
        var start = start
        var end = end
        while start < end, ByteClass.isBlank(base.load(fromByteOffset: start, as: UInt8.self)) { start &+= 1 }
        while start < end, ByteClass.isBlank(base.load(fromByteOffset: end &- 1, as: UInt8.self)) { end &-= 1 }
        return Slice(from: start, to: end)
    }

    /// Whether the item is `word`, which is in lower case, of letters, digits and `-`, and 2 to 24 bytes long.
    @inline(__always)
    static func equal(_ base: UnsafeRawPointer, _ item: Slice, _ word: StaticString) -> Bool {
        let count = Int(item.count)
        return count == word.utf8CodeUnitCount && NameKey(base + item.start, count: count) == NameKey(word)
    }
}
