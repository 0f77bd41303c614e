/// A token of 2 to 24 bytes as three words, so that two names are compared in three instructions. The words overlap: the
/// first and the last eight bytes (four, two for shorter ones), and those from the ninth on.
///
/// Case is folded by setting bit 5 of the bytes that have bit 6. A folded byte equals a lower-case letter, a digit or `-`
/// only if it was that letter in either case, that digit or that `-`: so a match with a literal of those is exact, and tells
/// that the bytes are a token.
struct NameKey: Equatable {
    let first: UInt64
    let middle: UInt64
    let last: UInt64

    /// `count` is in 2...24 and the bytes are readable.
    @inline(__always)
    init(_ base: UnsafeRawPointer, count: Int, foldsCase: Bool = true) {
        let bits: UInt64 = foldsCase ? 0x4040_4040_4040_4040 : 0
        if count >= 8 {
            first = NameKey.folded(base.loadUnaligned(as: UInt64.self), bits)
            last = NameKey.folded(base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self), bits)
            middle =
                count > 16 ? NameKey.folded(base.loadUnaligned(fromByteOffset: 8, as: UInt64.self), bits) : 0
        } else if count >= 4 {
            let low = UInt64(base.loadUnaligned(as: UInt32.self))
            let high = UInt64(base.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
            (first, middle, last) = (NameKey.folded(low | high << 32, bits), 0, 0)
        } else {
            let low = UInt64(base.loadUnaligned(as: UInt16.self))
            let high = UInt64(base.loadUnaligned(fromByteOffset: count &- 2, as: UInt16.self))
            (first, middle, last) = (NameKey.folded(low | high << 16, bits), 0, 0)
        }
    }

    /// The key of a literal, which the optimiser folds into constants.
    @inline(__always)
    init(_ literal: StaticString, foldsCase: Bool = true) {
        self.init(literal.utf8Start, count: literal.utf8CodeUnitCount, foldsCase: foldsCase)
    }

    @inline(__always)
    private static func folded(_ word: UInt64, _ bits: UInt64) -> UInt64 { word | (word & bits) >> 1 }

    /// Whether this is the key of a name as long as `literal`, and equal to it.
    @inline(__always)
    static func ~= (literal: StaticString, key: NameKey) -> Bool {
        key == NameKey(literal)
    }
}
