package import Base

extension JSON {
    /// Reads the whole of `bytes` as one value, strictly: no comments, no trailing commas, no names that stand twice, UTF-8
    /// only, no bytes behind the value.
    ///
    /// - Parameters:
    ///   - limit: Bytes at most.
    ///   - depth: Arrays and objects within one another at most.
    /// - Throws: `ApusError` `json-invalid`. The message tells the place and never repeats the text.
    package static func parse(_ bytes: [UInt8], limit: Int = 1 << 20, depth: Int = 32) throws(ApusError) -> JSON {
        guard bytes.count <= limit else {
            throw ApusError(code: "json-invalid", "the JSON is larger than \(limit) bytes")
        }
        var reader = JSONReader(bytes: bytes)
        let value = try reader.value(depth: depth)
        reader.skipSpace()
        guard reader.isAtEnd else { throw reader.failure("something stands behind the value") }
        return value
    }
}

private struct JSONReader {
    let bytes: [UInt8]
    var offset = 0

    var isAtEnd: Bool { offset == bytes.count }
    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    init(bytes: [UInt8]) { self.bytes = bytes }

    func failure(_ what: String) -> ApusError {
        ApusError(code: "json-invalid", "the JSON is wrong at byte \(offset): \(what)")
    }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        offset += 1
        return true
    }

    mutating func value(depth: Int) throws(ApusError) -> JSON {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(ApusError) -> JSON {
        let length = word.utf8CodeUnitCount
        let matches = word.withUTF8Buffer { bytes[offset...].prefix(length).elementsEqual($0) }
        guard matches else { throw failure("no value") }
        offset += length
        return value
    }

    private mutating func array(depth: Int) throws(ApusError) -> JSON {
        guard depth > 0 else { throw failure("it is nested too deeply") }
        offset += 1
        var items: [JSON] = []
        skipSpace()
        if skip(UInt8(ascii: "]")) { return .array(items) }
        while true {
            items.append(try value(depth: depth - 1))
            skipSpace()
            if skip(UInt8(ascii: "]")) { return .array(items) }
            guard skip(UInt8(ascii: ",")) else { throw failure("a comma or ] is missing") }
        }
    }

    private mutating func object(depth: Int) throws(ApusError) -> JSON {
        guard depth > 0 else { throw failure("it is nested too deeply") }
        offset += 1
        var members: [JSON.Member] = []
        var names: Set<String> = []
        skipSpace()
        if skip(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("a name is missing") }
            let name = try string()
            guard names.insert(name).inserted else { throw failure("a name stands twice") }
            skipSpace()
            guard skip(UInt8(ascii: ":")) else { throw failure("a colon is missing") }
            members.append(JSON.Member(name, try value(depth: depth - 1)))
            skipSpace()
            if skip(UInt8(ascii: "}")) { return .object(members) }
            guard skip(UInt8(ascii: ",")) else { throw failure("a comma or } is missing") }
        }
    }

    /// RFC 8259, section 6.
    private mutating func number() throws(ApusError) -> String {
        let start = offset
        _ = skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) { try digits() }
        if skip(UInt8(ascii: ".")) { try digits() }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            try digits()
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func digits() throws(ApusError) {
        let start = offset
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
        guard offset > start else { throw failure("no value") }
    }

    private mutating func string() throws(ApusError) -> String {
        offset += 1
        var text = [UInt8]()
        while let byte = next {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw failure("it is not UTF-8") }
                return string
            case UInt8(ascii: "\\"): text += try escape()
            case 0..<0x20: throw failure("a control character stands in a string")
            default: text.append(byte)
            }
        }
        throw failure("a string does not end")
    }

    private mutating func escape() throws(ApusError) -> [UInt8] {
        guard let byte = next else { throw failure("a string does not end") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(Character(try scalar())).utf8)
        default: throw failure("an escape is unknown")
        }
    }

    /// One `\uXXXX`, or two that are a surrogate pair.
    private mutating func scalar() throws(ApusError) -> Unicode.Scalar {
        let first = try unit()
        if let scalar = Unicode.Scalar(UInt32(first)) { return scalar }
        guard first < 0xDC00, skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) else {
            throw failure("half of a surrogate pair")
        }
        let second = try unit()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
        else { throw failure("half of a surrogate pair") }
        return scalar
    }

    private mutating func unit() throws(ApusError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = next.flatMap(Hex.value) else { throw failure("an escape is cut") }
            offset += 1
            value = value << 4 | UInt16(digit)
        }
        return value
    }
}
