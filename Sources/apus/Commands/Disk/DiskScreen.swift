import HostMetrics
import Terminal

/// The table while it grows: first those who answered in time, under their header, then each late one.
struct DiskScreen {
    enum Arrival: Sendable {
        case sample(MountSample, isShown: Bool)
        case graceOver
    }

    /// Long enough for every disk that is well, short enough to feel like at once.
    static let grace: Duration = .milliseconds(200)

    private let order: [MountIdentity: Int]
    private let mounts: [Mount]
    private let style: SampleTable.Style
    private var arrived: [MountSample] = []
    private var answered: Set<MountIdentity> = []
    private var shownCount = 0
    private var table: SampleTable?
    private var progress = ProgressLine()

    init(plan: DiskListing.Plan, listing: DiskListing, exactBytes: Bool) {
        mounts = plan.mounts
        order = Dictionary(plan.mounts.enumerated().map { ($1.identity, $0) }, uniquingKeysWith: min)
        var style = SampleTable.Style(exactBytes: exactBytes)
        if let warn = listing.limits.warn { style.limits.warn = warn }
        if let fail = listing.limits.fail { style.limits.fail = fail }
        self.style = style
    }

    private var missing: [Mount] { mounts.filter { !answered.contains($0.identity) } }

    mutating func show(_ arrival: Arrival) throws {
        switch arrival {
        case .sample(let sample, let isShown):
            answered.insert(sample.mount.identity)
            if isShown { arrived.append(sample) }
            guard table != nil else { return }
            progress.clear()
            try printNew()
        case .graceOver:
            try start()
        }
        let missing = missing
        if let first = missing.first, table != nil {
            progress.show("waiting for \(first.mountPoint)\(missing.count > 1 ? " and \(missing.count - 1) more" : "")")
        }
    }

    mutating func finish() throws {
        progress.clear()
        if table == nil { try start() }
    }

    private mutating func start() throws {
        guard table == nil, !mounts.isEmpty else { return }
        arrived.sort { order[$0.mount.identity, default: 0] < order[$1.mount.identity, default: 0] }
        let stream = TerminalStream.output
        let table = SampleTable(
            arrived, awaiting: missing, width: stream.width, color: stream.usesColor, glyphs: stream.glyphs,
            style: style)
        self.table = table
        if !arrived.isEmpty || !missing.isEmpty { try stream.writeLine(table.header) }
        try printNew()
    }

    private mutating func printNew() throws {
        guard let table else { return }
        for sample in arrived[shownCount...] { try TerminalStream.output.writeLine(table.line(sample)) }
        shownCount = arrived.count
    }
}
