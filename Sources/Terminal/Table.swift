/// A table for people: columns as wide as their content, two spaces between them, fitted to the terminal.
///
/// When the terminal is too narrow, columns that may shrink are cut in the middle down to their least width; when
/// that is not enough, the columns with the highest `dropOrder` go, one after the other. Where the width is not known
/// (a pipe, a file) nothing is cut and nothing goes.
///
/// Rows may be added after the widths were settled: a row that comes late (a mount that hung) keeps the columns of
/// those that stand on the screen already.
package struct Table: Sendable {
    package enum Alignment: Sendable { case left, right }

    package struct Column: Sendable {
        package let title: String
        package let alignment: Alignment
        /// The least width that it may shrink to; nil when it must not be cut.
        package let leastWidth: Int?
        /// Columns with a higher number go first on a narrow terminal; nil never goes.
        package let dropOrder: Int?
        /// Room for content that is not there yet.
        package let reservedWidth: Int

        package init(
            _ title: String, _ alignment: Alignment = .left, leastWidth: Int? = nil, dropOrder: Int? = nil,
            reservedWidth: Int = 0
        ) {
            self.title = title
            self.alignment = alignment
            self.leastWidth = leastWidth
            self.dropOrder = dropOrder
            self.reservedWidth = reservedWidth
        }
    }

    /// One cell: its text (made visible here) and how it is meant.
    package struct Cell: Sendable, ExpressibleByStringLiteral {
        package let text: String
        package let style: TextStyle

        package init(_ text: String, _ style: TextStyle = .plain) {
            self.text = TerminalText.visible(text)
            self.style = style
        }

        package init(stringLiteral text: String) {
            self.init(text)
        }
    }

    private static let gap = 2

    package let columns: [Column]
    /// The columns that are shown and how wide they are.
    private let shown: [(index: Int, width: Int)]
    private let color: Bool
    private let ellipsis: String

    /// Settles the widths.
    ///
    /// - Parameters:
    ///   - rows: What the widths follow from; each with as many cells as there are columns.
    ///   - width: The terminal's columns, nil for no limit.
    package init(
        columns: [Column], fitting rows: [[Cell]], width: Int?, color: Bool = false, glyphs: Glyphs = .unicode
    ) {
        self.columns = columns
        self.color = color
        ellipsis = glyphs.ellipsis
        let natural = columns.indices.map { index in
            rows.reduce(max(TerminalText.width(columns[index].title), columns[index].reservedWidth)) {
                max($0, TerminalText.width($1[index].text))
            }
        }
        shown = Table.fit(columns, natural: natural, width: width)
    }

    package var header: String {
        line(columns.map { Cell($0.title, .heading) })
    }

    /// One line without its end. Trailing blanks are left out.
    package func line(_ cells: [Cell]) -> String {
        var result = ""
        var blanks = 0
        for (index, width) in shown {
            let cell = cells[index]
            let isCut = columns[index].leastWidth != nil
            let text = isCut ? TerminalText.fitted(cell.text, columns: width, ellipsis: ellipsis) : cell.text
            let padding = max(0, width - TerminalText.width(text))
            if columns[index].alignment == .right { blanks += padding }
            if !text.isEmpty {
                result += String(repeating: " ", count: blanks) + cell.style.paint(text, color: color)
                blanks = 0
            }
            if columns[index].alignment == .left { blanks += padding }
            blanks += Table.gap
        }
        return result
    }

    private static func fit(_ columns: [Column], natural: [Int], width: Int?) -> [(index: Int, width: Int)] {
        var indices = Array(columns.indices)
        guard let width else { return indices.map { ($0, natural[$0]) } }
        while true {
            let gaps = gap * max(0, indices.count - 1)
            var widths = indices.map { natural[$0] }
            var excess = widths.reduce(gaps, +) - width
            while excess > 0, let widest = widestShrinkable(indices, widths, columns) {
                widths[widest] -= 1
                excess -= 1
            }
            let next = indices.max { (columns[$0].dropOrder ?? .min) < (columns[$1].dropOrder ?? .min) }
            guard excess > 0, let next, columns[next].dropOrder != nil else { return Array(zip(indices, widths)) }
            indices.removeAll { $0 == next }
        }
    }

    private static func widestShrinkable(_ indices: [Int], _ widths: [Int], _ columns: [Column]) -> Int? {
        widths.indices
            .filter { position in
                guard let least = columns[indices[position]].leastWidth else { return false }
                return widths[position] > least
            }
            .max { widths[$0] < widths[$1] }
    }
}
