import Base
import LogArchive
import TestKit
import Testing

/// A daemon does not start again after each failure: disk and store fail at any call of one process for many rounds, and what
/// a failure has left half done is finished by the next round. In the end every byte is archived or here, once, in order.
@Suite(.timeLimit(.minutes(60))) struct DaemonFaultTests {
    /// As many as keep it short; `APUS_FAULT_SEEDS=1000` looks further.
    private static let seeds = ProcessEnvironment.current()["APUS_FAULT_SEEDS"].flatMap { UInt64($0) } ?? 16

    @Test(arguments: CrashSimulationTests.shapes.indices)
    func oneProcessOutlivesFaults(_ index: Int) async throws {
        let (name, shape) = CrashSimulationTests.shapes[index]
        let workers = try WorkerThreads(count: 1)
        for seed in 0..<DaemonFaultTests.seeds {
            let host = SimulatedHost(shape, seed: seed &* 0x9E37_79B9 &+ UInt64(index))
            host.power.start(diesAfter: nil)
            let sync = try host.sync()
            for round in 0..<7 {
                host.power.start(diesAfter: nil, faultRate: round < 5 ? 0.12 : 0)
                host.write(lines: 7)
                host.time.advance(by: .seconds(90_000))
                await DaemonFaultTests.round(sync, workers)
            }
            let content = try await host.content()
            let story = host.observer.told.suffix(10).joined(separator: " | ")
            guard content == host.expected else {
                Issue.record(
                    """
                    \(name): seed \(seed): of \(host.expected.count) bytes \(content.count) are there, the same up to \
                    \(zip(content, host.expected).prefix { $0 == $1 }.count); \(story)
                    """)
                return
            }
            // With nothing in its way any more, nothing fails any more.
            let told = host.observer.told.count
            await DaemonFaultTests.round(sync, workers)
            let failures = host.observer.told.dropFirst(told).filter { $0.hasPrefix("log archive failed") }
            #expect(failures.isEmpty, "\(name): seed \(seed): \(failures)")
            let stages = sync.archive.journal.state.all.map(\.stage)
            let last: Generation.Stage = shape.uploads ? .noted : shape.compression == nil ? .ready : .sealed
            #expect(stages.allSatisfy { $0 >= last }, "\(name): seed \(seed): \(stages)")
            let left = host.disk.peek { $0.folders["/logs"]?.keys.filter { $0.hasPrefix(".apus") } ?? [] }
            #expect(left.isEmpty, "\(name): seed \(seed): working files are left: \(left)")
        }
    }

    /// As `LogSyncComponent` does it: it recovers at its start only.
    private static func round(_ sync: LogSync, _ workers: WorkerThreads) async {
        try? await withTaskExecutorPreference(workers) {
            sync.rotate(force: true)
            sync.clean()
            try await sync.abortOrphans()
            _ = try await sync.ship()
            sync.clean()
        }
    }
}
