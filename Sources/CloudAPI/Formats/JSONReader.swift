package import Base

extension JSON {
    /// Reads the whole of `bytes` as one value, strictly: no comments, no trailing commas, no names that stand twice,
    /// UTF-8 only, no bytes behind the value.
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

struct JSONReader {
    let bytes: [UInt8]
    var offset = 0

    var isAtEnd: Bool { offset == bytes.count }
    var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    init(bytes: [UInt8]) { self.bytes = bytes }

    func failure(_ what: String) -> ApusError {
        ApusError(code: "json-invalid", "the JSON is wrong at byte \(offset): \(what)")
    }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    mutating func skip(_ byte: UInt8) -> Bool {
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
}
