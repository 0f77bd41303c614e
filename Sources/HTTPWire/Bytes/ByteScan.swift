/// Searches through eight bytes at a time in a 64-bit word, sixteen in a vector where texts are long. A search never reads
/// at or behind `end`; it answers `end` when nothing was found. Each mask marks matching bytes in their high bit; in words a
/// borrow can add false marks, but only above a true one, so the lowest mark is exact.
enum ByteScan {
    @inline(__always)
    private static func repeated(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

    /// Sixteen times the byte. `SIMD16(repeating:)` becomes a loop of calls.
    @inline(__always)
    private static func vector(_ byte: UInt8) -> SIMD16<UInt8> {
        unsafeBitCast(SIMD2<UInt64>(repeated(byte), repeated(byte)), to: SIMD16<UInt8>.self)
    }

    @inline(__always)
    private static func word(_ base: UnsafeRawPointer, _ position: Int) -> UInt64 {
        UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    /// Marks bytes below `bound`, which is at most 128.
    @inline(__always)
    private static func below(_ word: UInt64, _ bound: UInt8) -> UInt64 {
        (word &- repeated(bound)) & ~word & repeated(0x80)
    }

    @inline(__always)
    private static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        below(word ^ repeated(byte), 1)
    }

    /// The first control character but HTAB: what ends a field value, rightly (CR) or wrongly.
    @inline(__always)
    static func endOfValue(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> Int {
        var position = start
        while position &+ 16 <= end {
            let bytes = base.loadUnaligned(fromByteOffset: position, as: SIMD16<UInt8>.self)
            let marks = (bytes .< vector(0x20)) .| (bytes .== vector(0x7F))
            let words = unsafeBitCast(marks, to: SIMD2<UInt64>.self)
            let isLow = words[0] != 0
            let hit = isLow ? words[0] : words[1]
            guard hit != 0 else {
                position &+= 16
                continue
            }
            position &+= hit.trailingZeroBitCount >> 3 &+ (isLow ? 0 : 8)
            if base.load(fromByteOffset: position, as: UInt8.self) != ByteClass.tab { return position }
            position &+= 1
        }
        return endOfShortValue(base, from: position, to: end)
    }

    /// The same for what is left before the end of the bytes: at most fifteen.
    @inline(__always)
    private static func endOfShortValue(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> Int {
        var position = start
        while position &+ 8 <= end {
            let bytes = word(base, position)
            let marks = below(bytes, 0x20) | equal(bytes, 0x7F)
            if marks != 0 {
                position &+= marks.trailingZeroBitCount >> 3
                if base.load(fromByteOffset: position, as: UInt8.self) != ByteClass.tab { return position }
                position &+= 1
            } else {
                position &+= 8
            }
        }
        while position < end {
            let byte = base.load(fromByteOffset: position, as: UInt8.self)
            if byte < 0x20 && byte != ByteClass.tab || byte == 0x7F { return position }
            position &+= 1
        }
        return end
    }

    /// The first byte that a request target cannot hold: a control, a space, `#`, DEL or above.
    @inline(__always)
    static func endOfTarget(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> Int {
        var position = start
        while position &+ 8 <= end {
            let bytes = word(base, position)
            let high = bytes & repeated(0x80)
            let marks = below(bytes, 0x21) | equal(bytes, 0x23) | equal(bytes, 0x7F) | high
            if marks != 0 { return position &+ marks.trailingZeroBitCount >> 3 }
            position &+= 8
        }
        while position < end {
            let byte = base.load(fromByteOffset: position, as: UInt8.self)
            if byte <= 0x20 || byte == 0x23 || byte >= 0x7F { return position }
            position &+= 1
        }
        return end
    }

    @inline(__always)
    static func first(_ byte: UInt8, _ base: UnsafeRawPointer, from start: Int, to end: Int) -> Int {
        var position = start
        while position &+ 8 <= end {
            let marks = equal(word(base, position), byte)
            if marks != 0 { return position &+ marks.trailingZeroBitCount >> 3 }
            position &+= 8
        }
        while position < end, base.load(fromByteOffset: position, as: UInt8.self) != byte { position &+= 1 }
        return position
    }
}
