import Base
import HostMetrics
import Terminal

/// Prints what a `DiskListing` finds: figures on standard output, everything else on standard error.
struct DiskPrinter {
    let listing: DiskListing
    let output: Disk.Output
    let exactBytes: Bool

    func print() async throws -> DiskListing.Verdict {
        let plan = try await listing.plan()
        for failure in plan.failures {
            let path = TerminalText.visible(failure.path)
            try TerminalStream.error.writeLine("apus disk: \(path): \(failure.error)")
        }
        let samples: [MountSample]
        switch output {
        case .table:
            samples = try await printTable(plan)
        case .json:
            samples = await listing.run(plan)
            try TerminalStream.output.write(String(decoding: SampleJSON.document(samples), as: UTF8.self))
        case .prometheus:
            samples = await listing.run(plan)
            try TerminalStream.output.write(SamplePrometheus.document(samples))
        }
        try warn(about: samples)
        return listing.verdict(samples, failures: plan.failures.count)
    }

    /// The table comes as soon as everybody answered, or after `grace` with those who did; late ones follow as they
    /// come.
    private func printTable(_ plan: DiskListing.Plan) async throws -> [MountSample] {
        var screen = DiskScreen(plan: plan, listing: listing, exactBytes: exactBytes)
        let (arrivals, feed) = AsyncStream<DiskScreen.Arrival>.makeStream()
        return try await withThrowingTaskGroup(of: [MountSample]?.self) { group in
            group.addTask {
                let samples = await listing.run(plan) { feed.yield(.sample($0, isShown: $1)) }
                feed.finish()
                return samples
            }
            group.addTask {
                try? await SystemTime().sleep(for: DiskScreen.grace)
                feed.yield(.graceOver)
                return nil
            }
            for await arrival in arrivals { try screen.show(arrival) }
            try screen.finish()
            group.cancelAll()
            for try await samples in group {
                if let samples { return samples }
            }
            return []
        }
    }

    private func warn(about samples: [MountSample]) throws {
        for sample in samples {
            let level = listing.limits.level(sample)
            guard level >= .warning, let figures = sample.figures else { continue }
            let mount = TerminalText.visible(sample.mount.mountPoint.description)
            let used = "\(figures.usePercent ?? 0) % used, inodes \(figures.inodesUsePercent.map { "\($0) %" } ?? "-")"
            let limit = level == .critical ? listing.limits.fail : listing.limits.warn
            let word = level == .critical ? "over the limit" : "warning"
            try TerminalStream.error.writeLine("apus disk: \(word): \(mount): \(used) (limit \(limit ?? 0) %)")
        }
    }
}
