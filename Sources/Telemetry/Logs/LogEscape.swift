/// Makes any text safe to stand in one line of a log, so that nothing a stranger sends can forge a line, move a
/// terminal's cursor, or hide what it says.
///
/// Escaped are: control characters (C0, DEL, C1: line feeds and the escape character among them), the line and paragraph
/// separators, marks and overrides of writing direction, invisible formatting and tag characters, and private or unassigned
/// noncharacters. `String` repairs bytes that are no UTF-8 to U+FFFD before they come here.
enum LogEscape {
    /// Appends `text` with escapes as JSON writes them (`\n`, `\u001b`), which logfmt's readers take too.
    ///
    /// - Parameter limit: the most bytes to append, at least 3; text beyond it is cut between two characters and ends in `…`.
    static func append(_ text: String, limit: Int, to output: inout [UInt8]) {
        // `…` is three bytes.
        let end = output.count + limit - 3
        var text = text
        let isPlain = text.withUTF8 { bytes in
            guard bytes.count <= limit, bytes.allSatisfy({ plain($0) }) else { return false }
            output.append(contentsOf: bytes)
            return true
        }
        if isPlain { return }
        for scalar in text.unicodeScalars {
            let start = output.count
            append(scalar, to: &output)
            if output.count > end {
                output.removeLast(output.count - start)
                output.append(contentsOf: "…".utf8)
                return
            }
        }
    }

    /// True for the bytes that stand for themselves in quotes.
    private static func plain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private static func append(_ scalar: Unicode.Scalar, to output: inout [UInt8]) {
        switch scalar {
        case "\n": output.append(contentsOf: "\\n".utf8)
        case "\r": output.append(contentsOf: "\\r".utf8)
        case "\t": output.append(contentsOf: "\\t".utf8)
        case "\"": output.append(contentsOf: "\\\"".utf8)
        case "\\": output.append(contentsOf: "\\\\".utf8)
        default:
            if isUnsafe(scalar) {
                for unit in scalar.utf16 { appendHex(unit, to: &output) }
            } else {
                output.append(contentsOf: scalar.utf8)
            }
        }
    }

    static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f...0x9f: true
        case 0xad, 0x61c, 0x180e, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff, 0xfff0...0xfffb: true
        case 0xe0000...0xe0fff: true
        default: scalar.value & 0xfffe == 0xfffe
        }
    }

    private static func appendHex(_ unit: UInt16, to output: inout [UInt8]) {
        output.append(contentsOf: "\\u".utf8)
        for shift in [12, 8, 4, 0] as [UInt16] {
            let digit = UInt8(truncatingIfNeeded: unit >> shift & 0xf)
            output.append(digit < 10 ? 48 + digit : 87 + digit)
        }
    }
}
