import Settings

/// Values of Ansible's INI files, which are Python literals where they can be (`ast.literal_eval`) and else text:
/// `True`, `[1, 'a']` and `{"a": 1}` are what they say, `true` and `012` are text.
///
/// Bytes, complex numbers and integers beyond 64 bits stay text, and so does what is nested more than 32 deep.
struct PythonLiteral {
    private static let deepest = 32

    /// Not a literal.
    struct NoLiteral: Error {}

    let text: [Unicode.Scalar]
    var offset = 0
    private var depth = 0

    private init(_ text: String) {
        self.text = Array(text.unicodeScalars)
    }

    static func value(_ text: String) -> Value {
        // Nearly every value is a plain word, and no literal begins like one but these three.
        guard let first = text.unicodeScalars.first, "NTF0123456789.+-'\"[({urUR".unicodeScalars.contains(first) else {
            return .string(text)
        }
        var reader = PythonLiteral(text)
        guard let value = try? reader.tuple(), reader.isAtEnd else { return .string(text) }
        return value
    }

    // MARK: Characters

    var next: Unicode.Scalar? { offset < text.count ? text[offset] : nil }

    /// True where at most white space and a comment are left.
    private var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return next == nil || next == "#"
        }
    }

    mutating func skipSpace() {
        while let scalar = next, scalar == " " || scalar == "\t" { offset += 1 }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == scalar else { return false }
        offset += 1
        return true
    }

    // MARK: Values

    /// One value, or several with commas between them at the top.
    private mutating func tuple() throws(NoLiteral) -> Value {
        let first = try value()
        guard take(",") else { return first }
        var items = [first]
        while !isAtEnd {
            items.append(try value())
            guard take(",") else { break }
        }
        return .list(items)
    }

    private mutating func value() throws(NoLiteral) -> Value {
        skipSpace()
        depth += 1
        defer { depth -= 1 }
        guard let scalar = next, depth <= PythonLiteral.deepest else { throw NoLiteral() }
        switch scalar {
        case "[":
            offset += 1
            return .list(try items(until: "]").items)
        case "(":
            offset += 1
            let (items, hasComma) = try items(until: ")")
            return items.count == 1 && !hasComma ? items[0] : .list(items)
        case "{":
            offset += 1
            return try braces()
        case "+", "-": return try signed()
        default: return try isAtString ? .string(strings()) : word()
        }
    }

    private mutating func items(
        until close: Unicode.Scalar
    ) throws(NoLiteral) -> (items: [Value], hasComma: Bool) {
        var items: [Value] = []
        var hasComma = false
        while !take(close) {
            if !items.isEmpty, !hasComma { throw NoLiteral() }
            items.append(try value())
            hasComma = take(",")
        }
        return (items, hasComma)
    }

    /// A dictionary, or a set, which becomes a list.
    private mutating func braces() throws(NoLiteral) -> Value {
        if take("}") { return .map([:]) }
        let first = try value()
        guard take(":") else {
            var items = [first]
            while take(",") {
                skipSpace()
                if next == "}" { break }
                items.append(try value())
            }
            guard take("}") else { throw NoLiteral() }
            return .list(items)
        }
        var map = OrderedMap<Value>()
        map.set(try PythonLiteral.key(first), try value())
        while take(",") {
            skipSpace()
            if next == "}" { break }
            let key = try PythonLiteral.key(try value())
            guard take(":") else { throw NoLiteral() }
            map.set(key, try value())
        }
        guard take("}") else { throw NoLiteral() }
        return .map(map)
    }

    private static func key(_ value: Value) throws(NoLiteral) -> String {
        switch value {
        case .list, .map: throw NoLiteral()
        default: return value.text
        }
    }

    private mutating func signed() throws(NoLiteral) -> Value {
        let isNegative = next == "-"
        offset += 1
        skipSpace()
        // Python's literals have one sign, though its expressions have any number.
        guard next != "+", next != "-" else { throw NoLiteral() }
        switch try value() {
        case .integer(let number): return .integer(isNegative ? 0 &- number : number)
        case .number(let number): return .number(isNegative ? -number : number)
        default: throw NoLiteral()
        }
    }

    private mutating func word() throws(NoLiteral) -> Value {
        let start = offset
        while let scalar = next, PythonLiteral.isWord(scalar) || isExponentSign(from: start) { offset += 1 }
        let word = String(String.UnicodeScalarView(text[start..<offset]))
        switch word {
        case "None": return .null
        case "True": return .bool(true)
        case "False": return .bool(false)
        default:
            guard let number = PythonNumber.value(word) else { throw NoLiteral() }
            return number
        }
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII
            && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_" || scalar == ".")
    }

    /// The sign in `1e-5`.
    private func isExponentSign(from start: Int) -> Bool {
        guard let scalar = next, scalar == "-" || scalar == "+", offset > start else { return false }
        return (text[offset - 1] == "e" || text[offset - 1] == "E") && ("0"..."9").contains(text[start])
            && !(text[start] == "0" && text[start + 1] == "x")
    }
}
