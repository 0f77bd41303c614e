/// Which paths a route is for, read from its settings and brought into the form of `PathNormalizer`.
package struct PathPattern: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case prefix, exact, template }

    package enum Segment: Hashable, Sendable {
        case literal([UInt8])
        /// One segment of at least one byte.
        case capture(String)
        /// What is left of the path, slashes included, at least one byte; the last segment of a template only.
        case rest(String)
    }

    /// Why a text is no pattern, for the complaint after the key.
    package struct Problem: Error, Hashable, Sendable {
        package let message: String
    }

    /// Names that a template may give: what `PathCaptures` has room for.
    package static let mostCaptures = 16
    /// Of a pattern; a longer path is nobody's route, and recursion over segments relies on it.
    static let longest = 2048

    package let kind: Kind
    /// `/a/b` has two, `/a/` of an exact pattern has `a` and an empty one; a prefix never ends in an empty one, and `/`
    /// as a prefix has none.
    package let segments: [Segment]
    /// The whole pattern in normal form; of a prefix without its final slash, so that `/` is empty.
    package let bytes: [UInt8]

    /// The prefix `/`.
    static let all = PathPattern()

    private init() {
        kind = .prefix
        segments = []
        bytes = []
    }

    package init(_ kind: Kind, _ text: String) throws(Problem) {
        try PathPattern.check(text, kind)
        var segments: [Segment] = []
        let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            segments.append(try PathPattern.segment(part, isLast: index == parts.count - 1))
        }
        if kind == .prefix, segments.last == .literal([]) { segments.removeLast() }
        try PathPattern.check(names: segments.compactMap(\.captureName), kind)
        self.kind = kind
        self.segments = segments
        bytes = segments.flatMap { [PathByte.slash] + $0.literalBytes }
    }

    private static func check(_ text: String, _ kind: Kind) throws(Problem) {
        guard text.hasPrefix("/") else { throw Problem(message: "must begin with /") }
        guard text.utf8.count <= longest else { throw Problem(message: "must not have more than \(longest) bytes") }
        let hasBraces = text.utf8.contains { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }
        guard kind == .template || !hasBraces else {
            throw Problem(message: "has braces: names of segments are for template")
        }
    }

    private static func check(names: [String], _ kind: Kind) throws(Problem) {
        if Set(names).count != names.count { throw Problem(message: "has a name twice") }
        if names.count > mostCaptures { throw Problem(message: "must not have more than \(mostCaptures) names") }
        if kind == .template, names.isEmpty { throw Problem(message: "has no {name}: exact is for such paths") }
    }

    private static func segment(_ part: Substring, isLast: Bool) throws(Problem) -> Segment {
        if part.utf8.contains(UInt8(ascii: "{")) || part.utf8.contains(UInt8(ascii: "}")) {
            return try placeholder(part, isLast: isLast)
        }
        if part.isEmpty, !isLast { throw Problem(message: "must not hold //") }
        return .literal(try normalized(PathText.encoded(part)))
    }

    /// A segment as requests have it.
    private static func normalized(_ segment: [UInt8]) throws(Problem) -> [UInt8] {
        var rules = PathSettings()
        rules.escapedSlashes = .keep
        var output = [UInt8](repeating: 0, count: segment.count + 1)
        let outcome = ([PathByte.slash] + segment).withUnsafeBytes { path in
            output.withUnsafeMutableBytes { PathNormalizer(rules).normalize(path, into: $0) }
        }
        switch outcome {
        case .unchanged: return segment
        case .refused(.malformedEscape):
            throw Problem(message: "has a % that is not followed by two hexadecimal digits")
        case .refused: throw Problem(message: "is a path that is always refused: it holds NUL or a dot segment")
        // Only a dot segment goes away altogether.
        case .rewritten(count: 1): throw Problem(message: "must not hold the segments . and ..")
        case .rewritten(let count): return Array(output[1..<count])
        }
    }

    private static func placeholder(_ part: Substring, isLast: Bool) throws(Problem) -> Segment {
        guard part.hasPrefix("{"), part.hasSuffix("}"), part.utf8.count > 2 else {
            throw Problem(message: "must have names as whole segments: /orders/{id}, not /orders-{id}")
        }
        let isRest = part.hasSuffix("*}")
        let name = part.dropFirst().dropLast(isRest ? 2 : 1)
        guard isName(name) else {
            throw Problem(message: "must have names of letters, digits and _ that begin with a letter")
        }
        if isRest, !isLast { throw Problem(message: "has {\(name)*} before its end") }
        return isRest ? .rest(String(name)) : .capture(String(name))
    }

    private static func isName(_ name: Substring) -> Bool {
        guard let first = name.utf8.first, (0x61...0x7A).contains(first | 0x20), name.utf8.count <= 64 else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == 0x5F
        }
    }

    /// Names in the order of their segments, which is that of `PathCaptures`.
    package var captureNames: [String] { segments.compactMap(\.captureName) }
}

extension PathPattern.Segment {
    var captureName: String? {
        switch self {
        case .literal: nil
        case .capture(let name), .rest(let name): name
        }
    }

    fileprivate var literalBytes: [UInt8] {
        switch self {
        case .literal(let bytes): bytes
        case .capture(let name): Array("{\(name)}".utf8)
        case .rest(let name): Array("{\(name)*}".utf8)
        }
    }
}

extension PathPattern {
    /// Names numbered in their order.
    var withoutNames: PathPattern {
        guard kind == .template else { return self }
        var text = ""
        for (index, segment) in segments.enumerated() {
            switch segment {
            case .literal(let bytes): text += "/" + String(decoding: bytes, as: UTF8.self)
            case .capture: text += "/{n\(index)}"
            case .rest: text += "/{n\(index)*}"
            }
        }
        return (try? PathPattern(kind, text)) ?? self
    }
}
