/// Python's strings, plain, raw and of three quotes.
extension PythonLiteral {
    /// At a quote, or at the letter of `r'…'` or `u'…'` before it.
    var isAtString: Bool {
        guard let scalar = next else { return false }
        if scalar == "'" || scalar == "\"" { return true }
        guard "rRuU".unicodeScalars.contains(scalar), offset + 1 < text.count else { return false }
        return text[offset + 1] == "'" || text[offset + 1] == "\""
    }

    /// Strings that stand beside each other are one.
    mutating func strings() throws(NoLiteral) -> String {
        var result = ""
        repeat {
            let isRaw = next == "r" || next == "R"
            if next != "'" && next != "\"" { offset += 1 }
            result += try string(isRaw: isRaw)
            skipSpace()
        } while isAtString
        return result
    }

    private mutating func string(isRaw: Bool) throws(NoLiteral) -> String {
        guard let quote = next else { throw NoLiteral() }
        let length = isAtQuotes(quote, 3) ? 3 : 1
        offset += length
        var result = String.UnicodeScalarView()
        while let scalar = next {
            if isAtQuotes(quote, length) {
                offset += length
                return String(result)
            }
            offset += 1
            if scalar != "\\" {
                result.append(scalar)
            } else if isRaw {
                guard let escaped = next else { throw NoLiteral() }
                offset += 1
                result.append(contentsOf: ["\\", escaped])
            } else {
                try escape(into: &result)
            }
        }
        throw NoLiteral()
    }

    private func isAtQuotes(_ quote: Unicode.Scalar, _ count: Int) -> Bool {
        offset + count <= text.count && text[offset..<offset + count].allSatisfy { $0 == quote }
    }

    private mutating func escape(into result: inout String.UnicodeScalarView) throws(NoLiteral) {
        guard let scalar = next else { throw NoLiteral() }
        offset += 1
        switch scalar {
        case "n": result.append("\n")
        case "t": result.append("\t")
        case "r": result.append("\r")
        case "a": result.append("\u{7}")
        case "b": result.append("\u{8}")
        case "f": result.append("\u{C}")
        case "v": result.append("\u{B}")
        case "\\", "'", "\"": result.append(scalar)
        case "x": result.append(try digits(2...2, radix: 16))
        case "u": result.append(try digits(4...4, radix: 16))
        case "U": result.append(try digits(8...8, radix: 16))
        // By the character's Unicode name.
        case "N": throw NoLiteral()
        case "0"..."7":
            offset -= 1
            result.append(try digits(1...3, radix: 8))
        default: result.append(contentsOf: ["\\", scalar])
        }
    }

    private mutating func digits(_ count: ClosedRange<Int>, radix: UInt32) throws(NoLiteral) -> Unicode.Scalar {
        var value: UInt32 = 0
        var found = 0
        while found < count.upperBound, let digit = next.flatMap({ Character($0).hexDigitValue }), digit < radix {
            value = value &* radix &+ UInt32(digit)
            found += 1
            offset += 1
        }
        guard count.contains(found), let scalar = Unicode.Scalar(value) else { throw NoLiteral() }
        return scalar
    }
}
