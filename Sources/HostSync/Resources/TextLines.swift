/// A text file as lines, byte by byte: what is not touched stays as it was, whatever its encoding, with its line ends
/// and with or without a newline at the end.
struct TextLines: Equatable {
    /// Without their newlines, with a carriage return where one stands before it.
    var lines: [[UInt8]]
    private var endsWithNewline: Bool

    init(_ bytes: [UInt8]) {
        lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Array($0) }
        endsWithNewline = true
        if lines.last?.isEmpty == true {
            lines.removeLast()
        } else {
            endsWithNewline = lines.isEmpty
        }
    }

    var bytes: [UInt8] {
        var result = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
        if endsWithNewline, !lines.isEmpty { result.append(UInt8(ascii: "\n")) }
        return result
    }

    /// A line without the carriage return at its end.
    func text(_ place: Int) -> ArraySlice<UInt8> {
        lines[place].last == UInt8(ascii: "\r") ? lines[place].dropLast() : lines[place][...]
    }

    mutating func replace(_ place: Int, _ text: [UInt8]) {
        lines[place] = lines[place].last == UInt8(ascii: "\r") ? text + [UInt8(ascii: "\r")] : text
    }

    /// At the end, too, the line is a whole one.
    mutating func insert(_ text: [[UInt8]], at place: Int) {
        guard !text.isEmpty else { return }
        if place >= lines.count { endsWithNewline = true }
        lines.insert(contentsOf: text, at: min(place, lines.count))
    }
}

/// Where a new line or block goes.
enum LinePlace: Sendable, Equatable {
    case end, beginning
    case after(String)
    case before(String)

    /// - Parameters:
    ///   - after: `EOF`, or a regular expression.
    ///   - before: `BOF`, or a regular expression.
    init(after: String?, before: String?) {
        switch (after, before) {
        case (_, "BOF"?), ("BOF"?, nil): self = .beginning
        case ("EOF"?, nil), (nil, "EOF"?), (nil, nil): self = .end
        case (_, let before?): self = .before(before)
        case (let after?, nil): self = .after(after)
        }
    }

    /// The index to insert at: by the last line that matches, and at the end where none does.
    func index(in text: TextLines) throws(ResourceFault) -> Int {
        switch self {
        case .beginning: return 0
        case .end: return text.lines.count
        case .after(let pattern):
            return try Self.last(pattern, text).map { $0 + 1 } ?? text.lines.count
        case .before(let pattern):
            return try Self.last(pattern, text) ?? text.lines.count
        }
    }

    private static func last(_ pattern: String, _ text: TextLines) throws(ResourceFault) -> Int? {
        let pattern = try LinePattern(pattern)
        for place in text.lines.indices.reversed() where pattern.matches(text.text(place)) { return place }
        return nil
    }
}
