import Base

/// What may be given to regcomp(3): glibc recurses once for each parenthesis until its stack ends, and writes out each
/// repetition.
///
/// The size of an expression here is the number of its atoms after its repetitions have been written out; brackets, classes
/// and escapes are one atom each.
enum PatternBounds {
    /// In bytes.
    static let longest = 1_000
    static let deepest = 50
    static let largest = 1_000

    /// - Throws: `bad-pattern` of kind `usage`.
    static func check(_ pattern: String) throws(ApusError) {
        let bytes = Array(pattern.utf8)
        guard bytes.count <= longest else { throw refused("it has more than \(longest) bytes") }
        guard !bytes.contains(0) else { throw refused("it has a zero byte") }
        var reader = PatternSize(bytes)
        try reader.run()
    }

    static func refused(_ reason: String) -> ApusError {
        ApusError(code: "bad-pattern", "the regular expression is refused: \(reason)", kind: .usage)
    }
}

/// One walk over a pattern. What is no proper expression is left to regcomp(3) to refuse.
private struct PatternSize {
    private let bytes: [UInt8]
    private var position = 0
    /// The sizes of the groups around this place, innermost last; the first is the whole.
    private var sizes = [0]
    /// Of the atom before this place.
    private var last = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func run() throws(ApusError) {
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "("):
                sizes.append(0)
                last = 0
                if sizes.count - 1 > PatternBounds.deepest {
                    throw PatternBounds.refused("parentheses are nested deeper than \(PatternBounds.deepest)")
                }
            case UInt8(ascii: ")") where sizes.count > 1: try add(max(1, sizes.removeLast()))
            case UInt8(ascii: "["):
                skipBracket()
                try add(1)
            case UInt8(ascii: "\\"):
                position += 1
                try add(1)
            case UInt8(ascii: "{"): try multiply(bound())
            case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"): break
            case UInt8(ascii: "|"): last = 0
            default: try add(1)
            }
        }
    }

    private mutating func add(_ size: Int) throws(ApusError) {
        last = size
        sizes[sizes.count - 1] += size
        try check()
    }

    private mutating func multiply(_ count: Int) throws(ApusError) {
        guard count > 1 else { return }
        // Both are bounded, so neither this nor the sum can overflow.
        sizes[sizes.count - 1] += last * (count - 1)
        last *= count
        try check()
    }

    private func check() throws(ApusError) {
        if sizes[sizes.count - 1] > PatternBounds.largest {
            throw PatternBounds.refused("with its repetitions written out it is larger than \(PatternBounds.largest)")
        }
    }

    /// `[^]a-z[:digit:]]`, behind its opening bracket.
    private mutating func skipBracket() {
        if position < bytes.count, bytes[position] == UInt8(ascii: "^") { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "]") { position += 1 }
        while position < bytes.count, bytes[position] != UInt8(ascii: "]") {
            let kind = position + 1 < bytes.count ? bytes[position + 1] : 0
            if bytes[position] == UInt8(ascii: "["), ":.=".utf8.contains(kind) {
                position += 2
                while position + 1 < bytes.count, bytes[position] != kind || bytes[position + 1] != UInt8(ascii: "]") {
                    position += 1
                }
                position += 1
            }
            position += 1
        }
        position += 1
    }

    /// The larger number of `{m,n}`, of `{m,}`, behind its opening brace; at most one more than any that is allowed.
    private mutating func bound() -> Int {
        var largest = 0
        var number = 0
        while position < bytes.count, bytes[position] != UInt8(ascii: "}") {
            let byte = bytes[position]
            number = byte >= 0x30 && byte <= 0x39 ? min(PatternBounds.largest + 1, number * 10 + Int(byte - 0x30)) : 0
            largest = max(largest, number)
            position += 1
        }
        position += 1
        return largest
    }
}
