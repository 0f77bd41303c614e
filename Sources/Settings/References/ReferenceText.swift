import Base

/// The references inside a scalar: `${env:NAME}`, `${env:NAME:-default}`, `${file:/path}`; `$${` is a plain `${`.
///
/// A default holds no `}` and no further reference. What a reference yields is not searched for references again.
struct ReferenceText {
    /// A secret, a certificate, a token: nothing larger belongs into one value.
    static let largestFile = 64 << 10

    enum Piece: Equatable {
        case literal(String)
        case environment(String, default: String?)
        case file(String)
    }

    let pieces: [Piece]

    var hasReference: Bool {
        pieces.contains { if case .literal = $0 { false } else { true } }
    }

    var hasDefault: Bool {
        pieces.contains { if case .environment(_, default: .some) = $0 { true } else { false } }
    }

    /// Nil where `text` holds nothing to look at, which is nearly every scalar.
    init?(_ text: String) throws(ReferenceProblem) {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return nil }
        let bytes = Array(text.utf8)
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        var offset = 0
        while offset < bytes.count {
            let rest = bytes[offset...]
            if rest.starts(with: "$${".utf8) {
                literal += Array("${".utf8)
                offset += 3
            } else if rest.starts(with: "${".utf8) {
                guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else {
                    throw ReferenceProblem("the reference \"${\" is not closed by \"}\"; write $${ for a plain ${")
                }
                if !literal.isEmpty { pieces.append(.literal(String(decoding: literal, as: UTF8.self))) }
                literal = []
                pieces.append(try ReferenceText.reference(String(decoding: bytes[(offset + 2)..<end], as: UTF8.self)))
                offset = end + 1
            } else {
                literal.append(bytes[offset])
                offset += 1
            }
        }
        if !literal.isEmpty { pieces.append(.literal(String(decoding: literal, as: UTF8.self))) }
        self.pieces = pieces
    }

    private static func reference(_ body: String) throws(ReferenceProblem) -> Piece {
        if body.hasPrefix("env:") {
            let rest = body.dropFirst(4)
            let (name, fallback) = split(rest)
            guard isName(name) else {
                throw ReferenceProblem(
                    "\(Displayed.quoted(String(name))) is no name of an environment variable", repeatsText: true)
            }
            return .environment(String(name), default: fallback.map(String.init))
        }
        if body.hasPrefix("file:") {
            let path = body.dropFirst(5)
            guard path.hasPrefix("/") else {
                throw ReferenceProblem(
                    "a ${file:…} reference wants an absolute path, found \(Displayed.quoted(String(path)))",
                    repeatsText: true)
            }
            return .file(String(path))
        }
        throw ReferenceProblem(
            "unknown reference \(Displayed.quoted("${\(body)}")), known are \(ReferenceProblem.known)",
            repeatsText: true)
    }

    private static func split(_ text: Substring) -> (Substring, Substring?) {
        var index = text.utf8.startIndex
        while index < text.utf8.endIndex {
            if text.utf8[index...].starts(with: ":-".utf8) {
                return (text[..<index], text[text.utf8.index(index, offsetBy: 2)...])
            }
            index = text.utf8.index(after: index)
        }
        return (text, nil)
    }

    private static func isName(_ name: Substring) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            byte == 0x5F || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
        }
    }

    /// The text with every reference replaced by its value, at most `limit` bytes.
    func resolved(by resolver: any ReferenceResolver, limit: Int) throws(ReferenceProblem) -> String {
        var text = ""
        for piece in pieces {
            switch piece {
            case .literal(let literal): text += literal
            case .environment(let name, let fallback):
                guard let value = resolver.environmentVariable(name) ?? fallback else {
                    throw ReferenceProblem(
                        "the environment variable \(name) is not set; ${env:\(name):-…} gives a default")
                }
                text += value
            case .file(let path): text += try ReferenceText.content(of: path, resolver)
            }
            guard text.utf8.count <= limit else {
                throw ReferenceProblem("the references of the file yield too much text")
            }
        }
        guard !text.utf8.contains(0) else { throw ReferenceProblem("the referenced value holds a NUL character") }
        return text
    }

    /// The file without the newline that editors and `echo` put at its end.
    private static func content(of path: String, _ resolver: any ReferenceResolver) throws(ReferenceProblem) -> String {
        var bytes: [UInt8]
        do {
            bytes = try resolver.fileContent(path, limit: largestFile)
        } catch {
            throw ReferenceProblem(error.message)
        }
        while let last = bytes.last, last == 0x0A || last == 0x0D { bytes.removeLast() }
        guard YAMLText.problems(in: bytes[...]).isEmpty else {
            throw ReferenceProblem("\(path) is not plain UTF-8 text")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Text written so that it reads back as itself.
    static func escaped(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        var result: [UInt8] = []
        let bytes = Array(text.utf8)
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "$"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "{") {
                result.append(byte)
            }
            result.append(byte)
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// Why a reference cannot be used; the message holds no resolved value.
struct ReferenceProblem: Error {
    /// Said in place of `message` about a secret, where that repeats its text.
    static let withoutText = "a reference in it is malformed, known are \(known)"
    static let known = "${env:NAME}, ${env:NAME:-default} and ${file:/path}; write $${ for a plain ${"

    let message: String
    /// True where the message quotes the scalar's own text, which may be a secret that happens to hold `${`.
    let repeatsText: Bool

    init(_ message: String, repeatsText: Bool = false) {
        self.message = message
        self.repeatsText = repeatsText
    }
}
