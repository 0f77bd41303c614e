import Glibc

/// Words as popt's `poptParseArgvString` splits them: blanks, quotes of both kinds, backslashes.
enum LogrotateWords {
    /// - Returns: Nil for a backslash at the end.
    static func split(_ text: [UInt8]) -> [String]? {
        var words: [String] = []
        var word: [UInt8] = []
        var quote: UInt8?
        var rest = text[...]
        func finish() {
            // popt knows no empty words.
            if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
            word = []
        }
        while let byte = rest.popFirst() {
            if byte == quote {
                quote = nil
            } else if byte == UInt8(ascii: "\\") {
                guard let next = rest.popFirst() else { return nil }
                if let quote, next != quote { word.append(byte) }
                word.append(next)
            } else if quote != nil {
                word.append(byte)
            } else if LogrotateCursor.isSpace(byte) {
                finish()
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else {
                word.append(byte)
            }
        }
        finish()
        return words
    }
}

/// Numbers as strtol(3) and strtoul(3) read them with base 0 (`010` is eight, `0x10` sixteen), cut to an `int` as logrotate
/// does it.
enum LogrotateNumber {
    static func signed(_ text: String) -> Int? {
        read(text) { Int(Int32(truncatingIfNeeded: strtol($0, $1, 0))) }
    }

    /// Nil below zero, too.
    static func unsigned(_ text: String) -> Int? {
        read(text) { Int(Int32(truncatingIfNeeded: strtoul($0, $1, 0))) }.flatMap { $0 < 0 ? nil : $0 }
    }

    private static func read(
        _ text: String, _ convert: (UnsafePointer<CChar>, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int
    ) -> Int? {
        text.withCString { start in
            var end: UnsafeMutablePointer<CChar>?
            let number = convert(start, &end)
            return end.map { $0.pointee == 0 && UnsafePointer($0) > start } == true ? number : nil
        }
    }

    enum Size {
        case bytes(Int64)
        case unknownUnit(Character)
        case wrong
    }

    /// `100`, `100k`, `100M`, `1G`, multiplied with overflow as in C.
    static func size(_ text: String) -> Size {
        guard let last = text.utf8.last else { return .wrong }
        let units: [UInt8: Int64] = [
            UInt8(ascii: "k"): 1 << 10, UInt8(ascii: "K"): 1 << 10, UInt8(ascii: "M"): 1 << 20,
            UInt8(ascii: "G"): 1 << 30,
        ]
        let unit = units[last]
        guard unit != nil || (0x30...0x39).contains(last) else { return .unknownUnit(text.last ?? " ") }
        let digits = unit == nil ? text : String(text.dropLast())
        return digits.withCString { start in
            var end: UnsafeMutablePointer<CChar>?
            let number = Int64(truncatingIfNeeded: strtoull(start, &end, 0)) &* (unit ?? 1)
            guard end?.pointee == 0, number >= 0 else { return .wrong }
            return .bytes(number)
        }
    }
}
