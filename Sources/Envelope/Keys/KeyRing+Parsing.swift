package import Base
import Crypto

/// Reading the text of a key ring. A complaint says where and what is missing, and nothing of what stands there.
extension KeyRing {
    /// - Parameter name: Of the file, for complaints.
    /// - Throws: `ApusError` `key-ring-bad` with `name:line: …`.
    package init(parsing text: [UInt8], name: String) throws(ApusError) {
        var reader = KeyRingReader(name: name)
        for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            try reader.take(line)
        }
        self = try reader.ring()
    }
}

private struct KeyRingReader {
    let name: String
    private var line = 0
    private var id: String?
    private var entries: [KeyRing.Entry] = []

    init(name: String) { self.name = name }

    mutating func take(_ bytes: ArraySlice<UInt8>) throws(ApusError) {
        line += 1
        guard let text = String(validating: bytes, as: UTF8.self) else { throw complaint("this is no UTF-8 text") }
        if text.hasPrefix("#") || text.allSatisfy({ $0 == " " || $0 == "\t" }) { return }
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        switch (words[0], words.count) {
        case ("ring", 2): try takeRing(words[1])
        case ("key", 4): try takeKey(version: words[1], created: words[2], key: words[3])
        case ("ring", _): throw complaint("a ring's line is `ring` and its id, with one space")
        case ("key", _): throw complaint("a key's line is `key`, version, time and key, with one space between")
        default: throw complaint("a line begins with `ring`, `key` or `#`")
        }
    }

    private mutating func takeRing(_ text: String) throws(ApusError) {
        guard id == nil else { throw complaint("the ring has an id already") }
        let digits = Set("0123456789abcdef".utf8)
        guard text.utf8.count == 16, text.utf8.allSatisfy(digits.contains) else {
            throw complaint("the id of a ring is 16 hexadecimal digits in lower case")
        }
        id = text
    }

    private mutating func takeKey(version: String, created: String, key: String) throws(ApusError) {
        guard id != nil else { throw complaint("the ring's id stands before its keys") }
        guard let number = Int(version), (1...999_999).contains(number), String(number) == version else {
            throw complaint("the version of a key is a number from 1 to 999999")
        }
        if let last = entries.last, last.version <= number {
            throw complaint("versions stand in order, the newest first and each once")
        }
        guard created.utf8.count == 24, created.hasSuffix("Z"), created.utf8.dropFirst(10).first == UInt8(ascii: "T")
        else {
            throw complaint("the time of a key is written 2026-11-28T13:00:00.000Z")
        }
        guard let bytes = KeyText.bytes(base64: key), bytes.count == 32 else {
            throw complaint("a key is 32 bytes in Base64, 44 characters")
        }
        guard entries.count < KeyRing.maximumVersions else {
            throw complaint("a ring has at most \(KeyRing.maximumVersions) versions")
        }
        entries.append(KeyRing.Entry(version: number, created: created, key: SymmetricKey(data: bytes)))
    }

    func ring() throws(ApusError) -> KeyRing {
        guard let id, !entries.isEmpty else { throw complaint("the ring ends without a key") }
        return KeyRing(id: id, entries: entries)
    }

    private func complaint(_ what: String) -> ApusError {
        ApusError(code: "key-ring-bad", "\(name):\(line): \(what)", kind: .declaration)
    }
}
