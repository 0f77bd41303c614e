/// Reads the wire format back for the tests: field number → values, in order. Written apart from the code under test.
struct ProtobufReader {
    enum Value: Equatable {
        case number(UInt64)
        case bytes([UInt8])
    }

    private(set) var fields: [Int: [Value]] = [:]

    /// Nil when the bytes are no message of varints and length-delimited fields.
    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let key = Self.varint(&rest), let number = Self.varint(&rest) else { return nil }
            switch key & 7 {
            case 0: fields[Int(key >> 3), default: []].append(.number(number))
            case 2:
                guard number <= rest.count else { return nil }
                fields[Int(key >> 3), default: []].append(.bytes(Array(rest.prefix(Int(number)))))
                rest = rest.dropFirst(Int(number))
            default: return nil
            }
        }
    }

    func number(_ field: Int) -> UInt64 {
        if case .number(let value)? = fields[field]?.last { return value }
        return 0
    }

    func bytes(_ field: Int) -> [[UInt8]] {
        (fields[field] ?? []).compactMap { if case .bytes(let bytes) = $0 { bytes } else { nil } }
    }

    func strings(_ field: Int) -> [String] { bytes(field).map { String(decoding: $0, as: UTF8.self) } }
    func messages(_ field: Int) -> [ProtobufReader] { bytes(field).compactMap { ProtobufReader($0) } }

    func packed(_ field: Int) -> [UInt64] {
        var rest = bytes(field).flatMap { $0 }[...]
        var values: [UInt64] = []
        while !rest.isEmpty, let value = Self.varint(&rest) { values.append(value) }
        return values
    }

    private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
