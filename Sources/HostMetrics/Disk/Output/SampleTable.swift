import Base
package import Terminal

/// Samples as a table for people.
package struct SampleTable: Sendable {
    /// How the figures are written and from where on they are coloured.
    package struct Style: Sendable {
        package var exactBytes: Bool
        package var limits: UsageLimits

        package init(exactBytes: Bool = false, limits: UsageLimits = UsageLimits(warn: 80, fail: 90)) {
            self.exactBytes = exactBytes
            self.limits = limits
        }
    }

    private static let barWidth = 10
    private let table: Table
    private let style: Style
    private let glyphs: Glyphs

    /// Settles the columns from the samples that are there and from the mounts that are still waited for.
    package init(
        _ samples: [MountSample], awaiting mounts: [Mount] = [], width: Int?, color: Bool, glyphs: Glyphs,
        style: Style = Style()
    ) {
        self.style = style
        self.glyphs = glyphs
        let expected = mounts.map { MountSample(mount: $0, outcome: .failed(.timedOut)) }
        table = Table(
            columns: SampleTable.columns(reserving: mounts.isEmpty ? 0 : style.exactBytes ? 13 : 5),
            fitting: (samples + expected).map { SampleTable.cells($0, style: style, glyphs: glyphs) }, width: width,
            color: color, glyphs: glyphs)
    }

    package var header: String { table.header }

    package func line(_ sample: MountSample) -> String {
        table.line(SampleTable.cells(sample, style: style, glyphs: glyphs))
    }

    private static func columns(reserving figures: Int) -> [Table.Column] {
        [
            Table.Column("Mount", leastWidth: 12),
            Table.Column("Device", leastWidth: 9, dropOrder: 5),
            Table.Column("Type", dropOrder: 4),
            Table.Column("Size", .right, dropOrder: 3, reservedWidth: figures),
            Table.Column("Used", .right, dropOrder: 7, reservedWidth: figures),
            Table.Column("Avail", .right, dropOrder: 2, reservedWidth: figures),
            Table.Column("Use%", .right),
            Table.Column("", dropOrder: 8),
            Table.Column("IUse%", .right, dropOrder: 6),
            Table.Column("State"),
        ]
    }

    private static func cells(_ sample: MountSample, style: Style, glyphs: Glyphs) -> [Table.Cell] {
        let mount = sample.mount
        let figures = sample.figures
        let level = style.limits.level(figures?.usePercent)
        func amount(_ bytes: UInt64?) -> Table.Cell { Table.Cell(text(bytes, exact: style.exactBytes)) }
        let bar = figures?.usedRatio.map { UsageBar.text(ratio: $0, width: barWidth, glyphs: glyphs) }
        return [
            Table.Cell(mount.mountPoint.description),
            Table.Cell(mount.source.description, .faint),
            Table.Cell(mount.type, .faint),
            amount(figures?.sizeBytes), amount(figures?.usedBytes), amount(figures?.availableBytes),
            Table.Cell(percent(figures?.usePercent), level.style),
            Table.Cell(bar ?? "", level.style),
            Table.Cell(percent(figures?.inodesUsePercent), style.limits.level(figures?.inodesUsePercent).style),
            state(sample),
        ]
    }

    private static func text(_ bytes: UInt64?, exact: Bool) -> String {
        guard let bytes else { return "-" }
        return exact ? "\(bytes)" : ByteCount(Int64(clamping: bytes)).humanReadable
    }

    private static func percent(_ value: Int?) -> String {
        value.map { "\($0)%" } ?? "-"
    }

    private static func state(_ sample: MountSample) -> Table.Cell {
        if let error = sample.error { return Table.Cell(error.description, .critical) }
        return sample.mount.isReadOnly ? Table.Cell("ro", .warning) : Table.Cell("rw", .faint)
    }
}

extension UsageLevel {
    /// How a figure of this level is painted.
    var style: TextStyle {
        switch self {
        case .ok: .good
        case .warning: .warning
        case .critical: .critical
        case .unknown: .plain
        }
    }
}
