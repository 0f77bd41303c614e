import HTTPWire

/// The members of a Dictionary (RFC 9651 section 3.2) as far as cache directives need them: keys, and values of Items;
/// parameters and inner lists are read over. Strict: after the first thing that is none, `isValid` is false and nothing
/// more comes. One look at each byte, no allocation, bounded by the line's length.
struct StructuredDictionary {
    enum Value {
        case boolean(Bool)
        /// Digits, a sign and a dot; a token as it is; what is between the quotes of a string.
        case number(UnsafeRawBufferPointer)
        case token(UnsafeRawBufferPointer)
        case string(UnsafeRawBufferPointer)
        /// Bytes, dates, display strings and inner lists.
        case other
    }

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private(set) var isValid = true

    /// - Parameter bytes: one line of the field. Several are one dictionary; each has to be one by itself, too.
    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes.trimmed }

    mutating func next() -> (key: UnsafeRawBufferPointer, value: Value)? {
        guard isValid, position < bytes.count else { return nil }
        guard position == 0 || skipComma(), let key = key() else { return fail() }
        var value = Value.boolean(true)
        if take(UInt8(ascii: "=")) {
            guard let read = current == UInt8(ascii: "(") ? innerList() : bareItem() else { return fail() }
            value = read
        }
        guard parameters() else { return fail() }
        skip { $0 == 0x20 || $0 == 0x09 }
        return (key, value)
    }

    private mutating func fail<Result>() -> Result? {
        isValid = false
        return nil
    }

    // MARK: Parts

    /// A comma with blanks around it, and not at the end.
    private mutating func skipComma() -> Bool {
        guard take(UInt8(ascii: ",")) else { return false }
        skip { $0 == 0x20 || $0 == 0x09 }
        return position < bytes.count
    }

    private mutating func key() -> UnsafeRawBufferPointer? {
        guard let first = current, Self.isLower(first) || first == UInt8(ascii: "*") else { return nil }
        return taken {
            Self.isLower($0) || Self.isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "*")
        }
    }

    private mutating func parameters() -> Bool {
        while take(UInt8(ascii: ";")) {
            skip { $0 == 0x20 }
            guard key() != nil else { return false }
            if take(UInt8(ascii: "=")), bareItem() == nil { return false }
        }
        return true
    }

    private mutating func innerList() -> Value? {
        position += 1
        while true {
            let start = position
            skip { $0 == 0x20 }
            if take(UInt8(ascii: ")")) { return .other }
            // Items stand apart from each other.
            guard position > start || bytes[start - 1] == UInt8(ascii: "("), bareItem() != nil, parameters() else {
                return nil
            }
        }
    }

    private mutating func bareItem() -> Value? {
        guard let byte = current else { return nil }
        return switch byte {
        case UInt8(ascii: "\""): string().map { .string($0) }
        case UInt8(ascii: "?"): boolean()
        case UInt8(ascii: ":"): enclosed(by: UInt8(ascii: ":"))
        case UInt8(ascii: "%"): displayString()
        case UInt8(ascii: "@"): date()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): number().map { .number($0) }
        case _ where Self.isLetter(byte) || byte == UInt8(ascii: "*"): .token(token())
        default: nil
        }
    }

    private mutating func token() -> UnsafeRawBufferPointer {
        taken { ASCII.isToken($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }
    }

    /// At most 15 digits, or 12 with up to 3 behind a dot (section 3.3.1 and 3.3.2).
    private mutating func number() -> UnsafeRawBufferPointer? {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let whole = taken(Self.isDigit).count
        guard whole > 0 else { return nil }
        if take(UInt8(ascii: ".")) {
            guard whole <= 12, 1...3 ~= taken(Self.isDigit).count else { return nil }
        } else if whole > 15 {
            return nil
        }
        return slice(start, position)
    }

    private mutating func date() -> Value? {
        position += 1
        guard let text = number(), !text.contains(UInt8(ascii: ".")) else { return nil }
        return .other
    }

    private mutating func boolean() -> Value? {
        position += 1
        if take(UInt8(ascii: "1")) { return .boolean(true) }
        return take(UInt8(ascii: "0")) ? .boolean(false) : nil
    }

    /// Printable ASCII; a backslash stands before quotes and backslashes only.
    private mutating func string() -> UnsafeRawBufferPointer? {
        position += 1
        let start = position
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return slice(start, position - 1)
            case UInt8(ascii: "\\"):
                guard take(UInt8(ascii: "\"")) || take(UInt8(ascii: "\\")) else { return nil }
            case 0x20...0x7E: break
            default: return nil
            }
        }
        return nil
    }

    private mutating func displayString() -> Value? {
        position += 1
        guard current == UInt8(ascii: "\"") else { return nil }
        return enclosed(by: UInt8(ascii: "\""))
    }

    /// What it holds is no matter here, as long as it ends.
    private mutating func enclosed(by mark: UInt8) -> Value? {
        position += 1
        skip { $0 != mark && $0 >= 0x20 && $0 < 0x7F }
        return take(mark) ? .other : nil
    }

    // MARK: Bytes

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        position += 1
        return true
    }

    private mutating func skip(_ isWanted: (UInt8) -> Bool) {
        while let byte = current, isWanted(byte) { position += 1 }
    }

    private mutating func taken(_ isWanted: (UInt8) -> Bool) -> UnsafeRawBufferPointer {
        let start = position
        skip(isWanted)
        return slice(start, position)
    }

    private func slice(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }

    private static func isLower(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "a") < 26 }
    private static func isLetter(_ byte: UInt8) -> Bool { isLower(byte | 0x20) }
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}
