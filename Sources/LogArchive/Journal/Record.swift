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

    package init?(parsing text: some StringProtocol) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard let kind = words.first, !kind.isEmpty else { return nil }
        self.kind = String(kind)
        for word in words.dropFirst() {
            guard let equals = word.firstIndex(of: "="), let value = Record.plain(word[word.index(after: equals)...])
            else { return nil }
            names.append(String(word[..<equals]))
            values.append(value)
        }
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

    private static func plain(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap({ digits.firstIndex(of: $0) }),
                let low = rest.popFirst().flatMap({ digits.firstIndex(of: $0) })
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
