/// Lower-case hexadecimal, the only form that W3C trace context allows. Reads slices of a request's bytes in place.
enum Hex {
    /// The value of the digit, or nil: upper-case digits are refused as the specification demands.
    @inline(__always)
    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// The unsigned number in `count` digits (at most 16) from `offset`; nil if one of them is no digit.
    @inline(__always)
    static func number(_ bytes: RawSpan, at offset: Int, digits count: Int) -> UInt64? {
        var number: UInt64 = 0
        for index in offset..<(offset + count) {
            guard let digit = digit(bytes.byte(index)) else { return nil }
            number = number << 4 | UInt64(digit)
        }
        return number
    }

    /// Appends the lowest `count` digits of `number`.
    static func append(_ number: UInt64, digits count: Int, to text: inout [UInt8]) {
        for position in stride(from: (count - 1) * 4, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(position)) & 0xF
            text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}

extension RawSpan {
    /// The byte at `offset`, bounds checked.
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 {
        unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// The range without spaces and tabs at both ends: the optional whitespace (OWS) of RFC 9110, section 5.6.3.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, isOptionalWhitespace(byte(start)) { start += 1 }
        while start < end, isOptionalWhitespace(byte(end - 1)) { end -= 1 }
        return start..<end
    }

    /// The first place of `needle` in `range`, or its end.
    func first(_ needle: UInt8, in range: Range<Int>) -> Int {
        var index = range.lowerBound
        while index < range.upperBound, byte(index) != needle { index += 1 }
        return index
    }

    func string(_ range: Range<Int>) -> String {
        extracting(range).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    private func isOptionalWhitespace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}

extension String {
    /// Lends the UTF-8 bytes of the string.
    func withUTF8Bytes<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result {
        try body(utf8Span.span.bytes)
    }
}
