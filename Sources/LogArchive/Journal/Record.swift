import Glibc

/// One line of the journal: a word and named values. `rotated id=0190… size=1048576 log=/var/log/app.log`
///
/// Values are bytes of UTF-8; what is not printable ASCII, a space, `%` or `=` stands as `%` and two hexadecimal digits, so
/// that a file name with a line break is one value (CVE-2011-1155 of logrotate).
package struct Record: Sendable, Equatable {
    package let kind: String
    package private(set) var names: [String] = []
    package private(set) var values: [String] = []

    package init(_ kind: String, _ pairs: [(String, String?)] = []) {
        self.kind = kind
        for (name, value) in pairs {
            guard let value else { continue }
            names.append(name)
            values.append(value)
        }
    }

    package subscript(_ name: String) -> String? {
        names.firstIndex(of: name).map { values[$0] }
    }

    package func integer(_ name: String) -> Int64? { self[name].flatMap { Int64($0) } }
    package func unsigned(_ name: String) -> UInt64? { self[name].flatMap { UInt64($0) } }

    package var text: String {
        var text = kind
        for (name, value) in zip(names, values) { text += " \(name)=\(Record.escaped(value))" }
        return text
    }

    package init?(parsing text: String) {
        let record = Array(text.utf8).withUnsafeBytes { Record($0) }
        guard let record else { return nil }
        self = record
    }

    /// Nil for what is no record. It looks for delimiters with memchr(3): a start reads every line of the journal.
    init?(_ text: UnsafeRawBufferPointer) {
        var position = Record.find(" ", in: text, from: 0)
        guard position > 0 else { return nil }
        kind = Record.string(text, 0, position)
        while position < text.count {
            let start = position + 1
            position = Record.find(" ", in: text, from: start)
            let equals = Record.find("=", in: text, from: start)
            guard equals < position, let value = Record.plain(text, equals + 1, position) else { return nil }
            names.append(Record.string(text, start, equals))
            values.append(value)
        }
    }

    /// The place of the delimiter, or the end.
    private static func find(_ byte: Unicode.Scalar, in text: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard let base = text.baseAddress, start < text.count,
            let found = memchr(base + start, Int32(byte.value), text.count - start)
        else { return text.count }
        return UnsafeRawPointer(found) - base
    }

    private static func string(_ text: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> String {
        String(decoding: UnsafeRawBufferPointer(rebasing: text[start..<end]), as: UTF8.self)
    }

    private static let digits = Array("0123456789abcdef".utf8)

    package static func escaped(_ value: String) -> String {
        var bytes: [UInt8] = []
        for byte in value.utf8 {
            if byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "%"), byte != UInt8(ascii: "=") {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func plain(_ text: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> String? {
        let part = UnsafeRawBufferPointer(rebasing: text[start..<end])
        guard find("%", in: part, from: 0) < part.count else { return string(part, 0, part.count) }
        var bytes: [UInt8] = []
        var index = 0
        while index < part.count {
            let byte = part[index]
            index += 1
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard index + 2 <= part.count, let high = digits.firstIndex(of: part[index]),
                let low = digits.firstIndex(of: part[index + 1])
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
            index += 2
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
