import HTTPWire

/// The directives of a Cache-Control field (RFC 9111 section 5.2): `name`, `name=token` and `name="quoted string"`,
/// divided by commas. Lenient in what it reads on from, strict in what it calls well-formed: who uses a directive takes
/// a malformed argument for the worst that it could mean.
///
/// One look at each byte, no allocation. Bounded by the field's length.
struct DirectiveReader {
    enum Argument { case none, token, quoted, malformed }

    struct Directive {
        var name: UnsafeRawBufferPointer
        /// What is behind `=`; of a quoted string what is between the quotes, escapes as they are.
        var value: UnsafeRawBufferPointer
        var argument: Argument
    }

    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    /// - Parameter bytes: the value of one field line.
    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func next() -> Directive? {
        while position < bytes.count, isSeparator(bytes[position]) { position += 1 }
        guard position < bytes.count else { return nil }
        let start = position
        // A quoted string where a name should be hides its commas and is nobody's name.
        if bytes[position] == Self.quote { _ = skipQuoted() }
        while position < bytes.count, bytes[position] != Self.comma, bytes[position] != Self.equals { position += 1 }
        let name = trimmed(start, position)
        guard position < bytes.count, bytes[position] == Self.equals else {
            return Directive(name: name, value: slice(position, position), argument: .none)
        }
        let isTight = name.count == position - start
        position += 1
        var directive = argument(of: name)
        if !isTight { directive.argument = .malformed }
        return directive
    }

    private mutating func argument(of name: UnsafeRawBufferPointer) -> Directive {
        let start = position
        guard start < bytes.count, bytes[start] == Self.quote else {
            skipToComma()
            let value = trimmed(start, position)
            let isToken = !value.isEmpty && bytes[start] > 0x20 && value.allSatisfy { $0 > 0x20 && $0 != Self.quote }
            return Directive(name: name, value: value, argument: isToken ? .token : .malformed)
        }
        let closed = skipQuoted()
        let end = position
        skipToComma()
        let value = slice(start + 1, closed ? end - 1 : end)
        let isAlone = trimmed(end, position).isEmpty
        return Directive(name: name, value: value, argument: closed && isAlone ? .quoted : .malformed)
    }

    /// Moves past a quoted string; false when it does not end.
    private mutating func skipQuoted() -> Bool {
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == Self.quote { return true }
            if byte == Self.backslash, position < bytes.count { position += 1 }
        }
        return false
    }

    private mutating func skipToComma() {
        while position < bytes.count, bytes[position] != Self.comma {
            if bytes[position] == Self.quote { _ = skipQuoted() } else { position += 1 }
        }
    }

    private func slice(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[start..<max(start, end)])
    }

    private func trimmed(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer { slice(start, end).trimmed }

    private func isSeparator(_ byte: UInt8) -> Bool { byte == Self.comma || byte == 0x20 || byte == 0x09 }

    private static let comma = UInt8(ascii: ",")
    private static let equals = UInt8(ascii: "=")
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
}

extension DirectiveReader.Directive {
    @inline(__always)
    func isNamed(_ word: StaticString) -> Bool { ASCII.isSame(name, word: word) }

    /// The argument as delta-seconds, a token or quoted (section 5.2 asks recipients to take both forms); nil when it
    /// is no whole number.
    var seconds: Int64? {
        argument == .token || argument == .quoted ? DeltaSeconds.parse(value) : nil
    }
}
