/// The text form of a file: PEM as RFC 7468 has it in its strict form, so that a file can stand in YAML or mail.
///
///     -----BEGIN AGE ENCRYPTED FILE-----
///     <base64, 64 columns a line, the last of 1 to 64 with its padding>
///     -----END AGE ENCRYPTED FILE-----
///
/// Before and after it there may be white space and nothing else, and its lines may end with CRLF.
enum AgeArmor {
    static let firstLine = "-----BEGIN AGE ENCRYPTED FILE-----"
    static let lastLine = "-----END AGE ENCRYPTED FILE-----"
    private static let begin = Array(firstLine.utf8)
    private static let end = Array(lastLine.utf8)
    private static let columns = 64
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    static func isStart(_ file: [UInt8]) -> Bool {
        file.drop(while: isSpace).starts(with: begin)
    }

    static func added(to file: [UInt8]) -> [UInt8] {
        let encoded = AgeBase64.encode(file, padded: true)
        var text = [UInt8]()
        text.reserveCapacity(encoded.count + encoded.count / columns + begin.count + end.count + 3)
        text += begin + [lineFeed]
        for start in stride(from: 0, to: encoded.count, by: columns) {
            text += encoded[start..<min(start + columns, encoded.count)]
            text.append(lineFeed)
        }
        text += end + [lineFeed]
        return text
    }

    /// The binary file; one without an armor comes back as it is.
    ///
    /// - Throws: `badArmor`, and `truncated` when the last line is missing.
    static func removed(from file: [UInt8]) throws(AgeError) -> [UInt8] {
        guard isStart(file) else { return file }
        let first = file.firstIndex { !isSpace($0) } ?? 0
        var number = file[..<first].count { $0 == lineFeed } + 1
        var rest = file[first...]
        guard try takeLine(&rest).elementsEqual(begin) else {
            throw .badArmor(line: number, reason: "text after the first line")
        }
        let encoded = try takeBody(&rest, &number)
        guard rest.allSatisfy(isSpace) else { throw .badArmor(line: number + 1, reason: "text after the end") }
        guard let binary = AgeBase64.decode(encoded[...], padded: true) else {
            throw .badArmor(line: number, reason: "what is before it is not canonical base64")
        }
        return binary
    }

    /// The base64 up to the last line, which is taken too.
    private static func takeBody(_ rest: inout ArraySlice<UInt8>, _ number: inout Int) throws(AgeError) -> [UInt8] {
        var encoded = [UInt8]()
        encoded.reserveCapacity(rest.count)
        var isComplete = false
        while true {
            number += 1
            let line = try takeLine(&rest)
            if line.elementsEqual(end) { return encoded }
            guard !isComplete else { throw .badArmor(line: number, reason: "only the last line may be short") }
            guard (1...columns).contains(line.count) else {
                throw .badArmor(line: number, reason: line.isEmpty ? "it is empty" : "more than \(columns) columns")
            }
            isComplete = line.count < columns || line.last == UInt8(ascii: "=")
            encoded += line
        }
    }

    /// The next line without its end. Only the last line, which closes the armor, may lack a line feed.
    private static func takeLine(_ rest: inout ArraySlice<UInt8>) throws(AgeError) -> ArraySlice<UInt8> {
        let limit = rest.firstIndex(of: lineFeed)
        var line = rest[..<(limit ?? rest.endIndex)]
        if line.last == carriageReturn { line.removeLast() }
        guard limit != nil || line.elementsEqual(end) else { throw .truncated }
        rest = limit.map { rest[($0 + 1)...] } ?? []
        return line
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == lineFeed || byte == carriageReturn || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}
