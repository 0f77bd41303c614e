/// Turns a regular expression as Python and Ansible users write it into POSIX extended with GNU's additions, which is what
/// the C library reads. What has no equal there is refused: an expression that silently means something else could let a
/// host in, or change another line.
enum RegexTranslation {
    struct Fault: Error, Equatable {
        let message: String
    }

    /// - Throws: `Fault` with a sentence that says which construct it is.
    static func posix(_ text: String) throws(Fault) -> String {
        let source = Array(text.utf8)
        var result: [UInt8] = []
        var place = 0
        while place < source.count {
            let byte = source[place]
            if byte == UInt8(ascii: "\\") {
                result += try escape(source, &place, isInSet: false)
            } else if byte == UInt8(ascii: "[") {
                result += try set(source, &place)
            } else if byte == UInt8(ascii: "("), source[place...].starts(with: "(?".utf8) {
                guard source[place...].starts(with: "(?:".utf8) else {
                    throw Fault(message: "(? with what follows it is not known: only (?: is")
                }
                result.append(byte)
                place += 3
            } else {
                result.append(byte)
                place += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func escape(_ source: [UInt8], _ place: inout Int, isInSet: Bool) throws(Fault) -> [UInt8] {
        guard place + 1 < source.count else { throw Fault(message: "it ends with a backslash") }
        let letter = source[place + 1]
        place += 2
        switch letter {
        case UInt8(ascii: "d"): return Array((isInSet ? "0-9" : "[0-9]").utf8)
        case UInt8(ascii: "w") where isInSet: return Array("[:alnum:]_".utf8)
        case UInt8(ascii: "s") where isInSet: return Array("[:space:]".utf8)
        case UInt8(ascii: "D") where !isInSet: return Array("[^0-9]".utf8)
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "w"), UInt8(ascii: "W"), UInt8(ascii: "s"), UInt8(ascii: "S"), UInt8(ascii: "b"),
            UInt8(ascii: "B"),
            UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "`"), UInt8(ascii: "'"),
            UInt8(ascii: "1")...UInt8(ascii: "9"):
            if !isInSet { return [UInt8(ascii: "\\"), letter] }
        default: break
        }
        let isWord = (0x61...0x7A).contains(letter | 0x20) || (0x30...0x39).contains(letter)
        guard !isWord else {
            throw Fault(
                message: "\\\(Character(UnicodeScalar(letter))) is not known\(isInSet ? " between [ and ]" : "")")
        }
        guard isInSet else { return [UInt8(ascii: "\\"), letter] }
        // In a POSIX set the backslash is a character like any other, and these three have a meaning by their place.
        guard ![UInt8(ascii: "]"), UInt8(ascii: "^"), UInt8(ascii: "-")].contains(letter) else {
            throw Fault(
                message:
                    "\\\(Character(UnicodeScalar(letter))) between [ and ] is not known: write it first or last, without \\"
            )
        }
        return [letter]
    }

    private static func set(_ source: [UInt8], _ place: inout Int) throws(Fault) -> [UInt8] {
        var result: [UInt8] = [source[place]]
        place += 1
        if place < source.count, source[place] == UInt8(ascii: "^") {
            result.append(source[place])
            place += 1
        }
        var isFirst = true
        while place < source.count {
            let byte = source[place]
            if byte == UInt8(ascii: "]"), !isFirst {
                place += 1
                return result + [byte]
            }
            isFirst = false
            if byte == UInt8(ascii: "\\") {
                result += try escape(source, &place, isInSet: true)
            } else if byte == UInt8(ascii: "["), place + 1 < source.count, ":.=".utf8.contains(source[place + 1]) {
                let end = source[(place + 2)...].firstIndex(of: UInt8(ascii: "]")) ?? source.count - 1
                result += source[place...end]
                place = end + 1
            } else {
                result.append(byte)
                place += 1
            }
        }
        throw Fault(message: "a [ is not closed")
    }
}
