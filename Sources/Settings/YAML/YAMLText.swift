/// Looks at a file's bytes before libyaml does: UTF-8 that is well formed, and only characters that YAML allows, so
/// that the complaint names the line and column and several can be named at once.
///
/// U+0085, U+2028 and U+2029 are refused too: YAML 1.1 (libyaml) breaks lines there and editors do not, so every
/// position after them would be wrong.
struct YAMLText {
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    /// A binary file has one at every second byte; ten tell the story.
    private static let mostProblems = 10

    struct Problem: Equatable {
        let position: SourcePosition
        let message: String
    }

    /// What follows a byte order mark, if there is one.
    static func withoutByteOrderMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        bytes.starts(with: byteOrderMark) ? bytes[3...] : bytes[...]
    }

    static func problems(in bytes: ArraySlice<UInt8>) -> [Problem] {
        if let name = wideEncoding(bytes) {
            return [
                Problem(position: .start, message: "the file is \(name), wanted UTF-8: convert it (iconv -t UTF-8)")
            ]
        }
        var scanner = Scanner(rest: bytes)
        var found: [Problem] = []
        while found.count < mostProblems, let problem = scanner.nextProblem() { found.append(problem) }
        return found
    }

    private static func wideEncoding(_ bytes: ArraySlice<UInt8>) -> String? {
        if bytes.starts(with: [0xFF, 0xFE]) { return "UTF-16 (little endian)" }
        if bytes.starts(with: [0xFE, 0xFF]) { return "UTF-16 (big endian)" }
        return nil
    }

    /// Walks the bytes once, counting lines as libyaml does: LF, CR, and CR LF as one.
    private struct Scanner {
        let rest: ArraySlice<UInt8>
        var offset: Int
        var line = 1
        var column = 1

        init(rest: ArraySlice<UInt8>) {
            self.rest = rest
            offset = rest.startIndex
        }

        mutating func nextProblem() -> Problem? {
            while offset < rest.endIndex {
                let byte = rest[offset]
                if byte >= 0x20, byte < 0x7F {
                    offset += 1
                    column += 1
                } else if byte == 0x0A || byte == 0x0D {
                    breakLine(byte)
                } else if let problem = unusual(byte) {
                    return problem
                }
            }
            return nil
        }

        private mutating func breakLine(_ byte: UInt8) {
            offset += 1
            if byte == 0x0D, offset < rest.endIndex, rest[offset] == 0x0A { offset += 1 }
            line += 1
            column = 1
        }

        /// A tab, a control character or the start of a longer sequence.
        private mutating func unusual(_ byte: UInt8) -> Problem? {
            let position = SourcePosition(line: line, column: column)
            let start = offset - rest.startIndex
            guard let (scalar, length) = decode(byte) else {
                offset += 1
                column += 1
                while offset < rest.endIndex, rest[offset] & 0xC0 == 0x80 { offset += 1 }
                let shown = String(byte, radix: 16, uppercase: true)
                return Problem(
                    position: position,
                    message: "the file is not UTF-8: byte 0x\(shown) at offset \(start) begins no valid character")
            }
            offset += length
            column += 1
            if YAMLText.isAllowed(scalar) { return nil }
            return Problem(position: position, message: YAMLText.refusal(of: scalar))
        }

        /// One scalar by the table of well-formed sequences (Unicode 15, table 3-7), or nil.
        private func decode(_ first: UInt8) -> (UInt32, Int)? {
            let bounds: (length: Int, low: UInt8, high: UInt8, bits: UInt32)
            switch first {
            case 0x00...0x7F: return (UInt32(first), 1)
            case 0xC2...0xDF: bounds = (2, 0x80, 0xBF, UInt32(first & 0x1F))
            case 0xE0: bounds = (3, 0xA0, 0xBF, 0)
            case 0xED: bounds = (3, 0x80, 0x9F, 0x0D)
            case 0xE1...0xEF: bounds = (3, 0x80, 0xBF, UInt32(first & 0x0F))
            case 0xF0: bounds = (4, 0x90, 0xBF, 0)
            case 0xF4: bounds = (4, 0x80, 0x8F, 4)
            case 0xF1...0xF3: bounds = (4, 0x80, 0xBF, UInt32(first & 0x07))
            default: return nil
            }
            guard offset + bounds.length <= rest.endIndex else { return nil }
            guard (bounds.low...bounds.high).contains(rest[offset + 1]) else { return nil }
            var scalar = bounds.bits
            for index in (offset + 1)..<(offset + bounds.length) {
                guard rest[index] & 0xC0 == 0x80 else { return nil }
                scalar = scalar << 6 | UInt32(rest[index] & 0x3F)
            }
            return (scalar, bounds.length)
        }
    }

    /// YAML 1.2, production 1 (c-printable), less the three separators above.
    private static func isAllowed(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x09, 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF:
            true
        default: false
        }
    }

    private static func refusal(of scalar: UInt32) -> String {
        let code = String(scalar, radix: 16, uppercase: true)
        let name = "U+" + String(repeating: "0", count: max(0, 4 - code.count)) + code
        switch scalar {
        case 0: return "a NUL character is not allowed"
        case 0xFEFF: return "a byte order mark is allowed only at the start of the file"
        case 0x85, 0x2028, 0x2029:
            return "the line separator \(name) is not allowed as it is: write it as an escape in double quotes"
        default:
            let escape = "\"\\u\(name.dropFirst(2))\""
            return "the control character \(name) is not allowed: write it as an escape in double quotes (\(escape))"
        }
    }
}
