extension WireBuffer {
    /// `bytes` must not be of this buffer: it may move.
    package func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        reserve(bytes.count).baseAddress?.copyMemory(from: source, byteCount: bytes.count)
        commit(bytes.count)
    }

    /// The piece `slice` of the head that begins at `base`.
    package func append(_ slice: Slice, of base: UnsafeRawBufferPointer) {
        append(UnsafeRawBufferPointer(rebasing: base[slice.start..<slice.end]))
    }

    /// What a literal means: no string is made.
    package func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @_disfavoredOverload
    package func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    package func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    package func append(_ byte: UInt8) {
        reserve(1).storeBytes(of: byte, as: UInt8.self)
        commit(1)
    }

    /// Without leading zeros; at most 20 digits.
    package func append(decimal number: UInt64) {
        append(number, base: 10, digits: WireBuffer.digits(number, base: 10))
    }

    /// In lower case, without leading zeros; at most 16 digits. The size of a chunk.
    package func append(hex number: UInt64) {
        append(number, base: 16, digits: WireBuffer.digits(number, base: 16))
    }

    private static func digits(_ number: UInt64, base: UInt64) -> Int {
        var (rest, count) = (number / base, 1)
        while rest > 0 { (rest, count) = (rest / base, count &+ 1) }
        return count
    }

    @inline(__always)
    private func append(_ number: UInt64, base: UInt64, digits: Int) {
        let room = reserve(digits)
        var rest = number
        for index in stride(from: digits &- 1, through: 0, by: -1) {
            let digit = UInt8(truncatingIfNeeded: rest % base)
            room[index] = digit < 10 ? 0x30 &+ digit : 0x57 &+ digit
            rest /= base
        }
        commit(digits)
    }
}
