/// One line of an authorized_keys file, sshd(8): options, type, key and comment.
struct AuthorizedKey: Equatable {
    /// The whole line without white space at its ends.
    let line: String
    /// Type and key: two lines with the same are the same key, whatever their options and comments.
    let identity: String

    /// Nil for a comment, an empty line and what is no key.
    init?(_ text: some StringProtocol) {
        let line = AuthorizedKey.trimmed(text)
        guard !line.hasPrefix("#"), line.utf8.count <= 16 << 10,
            line.utf8.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        let words = AuthorizedKey.words(line)
        guard let place = words.prefix(2).firstIndex(where: { AuthorizedKey.isType($0) }), place + 1 < words.count,
            let blob = Base64.decode(words[place + 1]), AuthorizedKey.names(words[place], blob)
        else { return nil }
        self.line = line
        identity = words[place] + " " + words[place + 1]
    }

    /// Type and comment, for people.
    var shown: String {
        let words = AuthorizedKey.words(line)
        let place = words.firstIndex(where: AuthorizedKey.isType) ?? 0
        let comment = words.dropFirst(place + 2).joined(separator: " ")
        return comment.isEmpty ? "\(words[place]) …\(words[place + 1].suffix(12))" : "\(words[place]) \(comment)"
    }

    private static func isType(_ word: String) -> Bool {
        word.hasPrefix("ssh-") || word.hasPrefix("ecdsa-sha2-") || word.hasPrefix("sk-")
    }

    /// A key begins with its own type as a counted string (RFC 4253): what was cut or mistyped does not.
    private static func names(_ type: String, _ blob: [UInt8]) -> Bool {
        let name = Array(type.utf8)
        guard name.count < 256, blob.count > 4 + name.count else { return false }
        return blob.prefix(4).elementsEqual([0, 0, 0, UInt8(name.count)]) && blob.dropFirst(4).starts(with: name)
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" || $0 == "\r\n" }
        let start = text.drop(while: isSpace)
        return String(start.reversed().drop(while: isSpace).reversed())
    }

    /// Split at white space outside of double quotes, in which options may hold it.
    private static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        var isQuoted = false
        var before: UInt8 = 0
        for byte in line.utf8 {
            if byte == UInt8(ascii: "\""), before != UInt8(ascii: "\\") { isQuoted.toggle() }
            before = byte
            if !isQuoted, byte == 0x20 || byte == 0x09 {
                if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
                word = []
            } else {
                word.append(byte)
            }
        }
        if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
        return words
    }
}

/// What `authorizedKeys` does to the lines of a file. Comments, and keys that are not declared, stay as they are.
struct AuthorizedKeysEdit {
    let keys: [AuthorizedKey]
    var exclusive = false
    var removes = false

    func apply(_ text: inout TextLines) {
        let wanted = Dictionary(keys.map { ($0.identity, $0) }) { first, _ in first }
        var seen = Set<String>()
        text.lines = text.lines.compactMap { line in
            guard let key = AuthorizedKey(String(decoding: line, as: UTF8.self)) else { return line }
            guard let declared = wanted[key.identity] else { return exclusive ? nil : line }
            guard !removes, seen.insert(key.identity).inserted else { return nil }
            return key.line == declared.line ? line : Array(declared.line.utf8)
        }
        guard !removes else { return }
        let missing = keys.filter { seen.insert($0.identity).inserted }
        text.insert(missing.map { Array($0.line.utf8) }, at: text.lines.count)
    }

    /// One difference a key.
    func differences(from old: TextLines, to new: TextLines) -> [Difference] {
        func keys(_ text: TextLines) -> [String: AuthorizedKey] {
            let found = text.lines.compactMap { AuthorizedKey(String(decoding: $0, as: UTF8.self)) }
            return Dictionary(found.map { ($0.identity, $0) }) { first, _ in first }
        }
        let (before, after) = (keys(old), keys(new))
        return Set(before.keys).union(after.keys).sorted().compactMap { identity in
            let (old, new) = (before[identity], after[identity])
            return old == new ? nil : Difference(what: "key", old: old?.shown, new: new?.shown)
        }
    }
}
