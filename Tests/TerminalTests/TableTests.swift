import Testing

@testable import Terminal

@Suite struct TableTests {
    private let columns = [
        Table.Column("Mount", leastWidth: 6), Table.Column("Type", dropOrder: 1),
        Table.Column("Size", .right, dropOrder: 2),
        Table.Column("State"),
    ]
    private let rows: [[Table.Cell]] = [
        ["/", "ext4", "252G", "rw"],
        ["/var/lib/containers", "xfs", "1.5T", "ro"],
    ]

    private func lines(width: Int?, color: Bool = false) -> [String] {
        let table = Table(columns: columns, fitting: rows, width: width, color: color)
        return [table.header] + rows.map { table.line($0) }
    }

    @Test func isAsWideAsItsContent() {
        #expect(
            lines(width: nil) == [
                "Mount                Type  Size  State",
                "/                    ext4  252G  rw",
                "/var/lib/containers  xfs   1.5T  ro",
            ])
    }

    @Test func shrinksThenDrops() {
        #expect(lines(width: 30)[2] == "/var/…iners  xfs   1.5T  ro")
        #expect(lines(width: 25)[0] == "Mount   Type  Size  State")
        #expect(lines(width: 24) == ["Mount        Type  State", "/            ext4  rw", "/var/…iners  xfs   ro"])
        #expect(lines(width: 10)[0] == "Mount   State")
    }

    @Test(arguments: 13...60) func fitsTheTerminal(width: Int) {
        for line in lines(width: width) { #expect(TerminalText.width(line) <= width) }
    }

    @Test func colorsDoNotMoveColumns() {
        let table = Table(columns: columns, fitting: rows, width: nil, color: true)
        let line = table.line(["/", Table.Cell("ext4", .warning), "1G", "rw"])
        #expect(line == "/                    \u{1b}[33mext4\u{1b}[0m    1G  rw")
    }

    @Test func hostileCellIsHarmless() {
        let table = Table(columns: columns, fitting: rows, width: nil, color: true)
        let line = table.line([Table.Cell("/\u{1b}]0;owned\u{07}"), "xfs", "1", "rw"])
        #expect(!line.unicodeScalars.contains { $0.value < 0x20 })
    }

    @Test func aLateRowKeepsTheColumns() {
        let late = Table(
            columns: [Table.Column("A", .right, reservedWidth: 5), Table.Column("B")], fitting: [], width: nil)
        #expect(late.header == "    A  B")
        #expect(late.line(["1234567", "x"]) == "1234567  x")
    }
}
