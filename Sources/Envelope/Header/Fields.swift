/// Fields as the header and the wrapping have them: a length of 16 bits, big end first, then the bytes.
struct FieldWriter {
    private(set) var bytes: [UInt8] = []

    mutating func number16(_ number: Int) {
        bytes.append(UInt8(truncatingIfNeeded: number >> 8))
        bytes.append(UInt8(truncatingIfNeeded: number))
    }

    mutating func number32(_ number: Int) {
        number16(number >> 16)
        number16(number)
    }

    /// - Precondition: At most 65,535 bytes; the callers' own bounds are far lower.
    mutating func field(_ content: [UInt8]) {
        precondition(content.count <= 0xFFFF, "a field's length has 16 bits")
        number16(content.count)
        bytes += content
    }

    mutating func field(_ text: String) { field(Array(text.utf8)) }

    mutating func raw(_ content: some Sequence<UInt8>) { bytes.append(contentsOf: content) }
}

/// Reads what `FieldWriter` has written, and nothing beyond its end: nil where there is too little, or no UTF-8.
struct FieldReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func raw(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func number16() -> Int? {
        raw(2).map { $0.reduce(0) { $0 << 8 | Int($1) } }
    }

    mutating func number32() -> Int? {
        raw(4).map { $0.reduce(0) { $0 << 8 | Int($1) } }
    }

    mutating func field() -> [UInt8]? {
        number16().flatMap { raw($0) }.map { Array($0) }
    }

    mutating func text() -> String? {
        field().flatMap { String(validating: $0, as: UTF8.self) }
    }
}
