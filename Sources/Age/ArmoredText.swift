/// A text with age files in armor among its lines, each as deep as its place in it asks for: what a YAML file holds as
/// block scalars. It is changed by replacing these lines; all others stay as they are.
package struct ArmoredText {
    package struct Block: Equatable {
        /// The key on the line before, where that line is `KEY: |`.
        package let name: String?
        /// The lines without their indentation.
        package let armor: String
        fileprivate let indentation: String
        fileprivate let lines: Range<Int>
    }

    /// What every armored file begins with.
    package static var firstLine: String { AgeArmor.firstLine }

    private let lines: [Substring]
    /// `\r\n` is one character of a Swift text, and stays what it was.
    private let separator: String
    package let blocks: [Block]

    package init(_ text: String) {
        separator = text.contains("\r\n") ? "\r\n" : "\n"
        lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        var blocks: [Block] = []
        var start: Int?
        for (index, line) in lines.enumerated() {
            let bare = ArmoredText.bare(line)
            if bare == AgeArmor.firstLine {
                start = index
            } else if bare == AgeArmor.lastLine, let first = start {
                let armor = lines[first...index].map { ArmoredText.bare($0) + "\n" }.joined()
                let indentation = lines[first].prefix { $0 == " " || $0 == "\t" }
                let name = first > 0 ? ArmoredText.key(lines[first - 1]) : nil
                blocks.append(
                    Block(name: name, armor: armor, indentation: String(indentation), lines: first..<(index + 1)))
                start = nil
            }
        }
        self.blocks = blocks
    }

    /// The text with every block's armor replaced by what `body` makes of it.
    package func replacing(_ body: (Block) throws -> String) rethrows -> String {
        var result: [String] = []
        var place = 0
        for block in blocks {
            result += lines[place..<block.lines.lowerBound].map(String.init)
            result += try body(block).split(separator: "\n").map { block.indentation + $0 }
            place = block.lines.upperBound
        }
        return (result + lines[place...].map(String.init)).joined(separator: separator)
    }

    private static func bare(_ line: Substring) -> String {
        let trimmed = line.drop { $0 == " " || $0 == "\t" }
        return String(trimmed.reversed().drop { $0 == " " || $0 == "\t" || $0 == "\r" }.reversed())
    }

    /// `  password: |` names `password`, also with quotes or as an item of a list.
    private static func key(_ line: Substring) -> String? {
        var text = bare(line)[...]
        while text.hasPrefix("- ") { text = text.dropFirst(2).drop { $0 == " " } }
        guard let colon = text.lastIndex(of: ":"), text[text.index(after: colon)...].contains("|") else { return nil }
        let key = text[..<colon]
        for quote in ["\"", "'"] where key.count > 1 && key.hasPrefix(quote) && key.hasSuffix(quote) {
            return String(key.dropFirst().dropLast())
        }
        return key.isEmpty ? nil : String(key)
    }
}
