import Base
import LogArchive
import TestKit
import Testing

/// Point by point: the machine dies at each call to disk or store, comes back, perhaps dies again while it recovers, and in
/// the end every byte that was ever written to the log is archived or here, once, in order.
@Suite(.timeLimit(.minutes(15))) struct CrashSimulationTests {
    /// All of them together; APUS_CRASH_POINTS asks for another number.
    private static let crashPoints =
        ProcessEnvironment.current()["APUS_CRASH_POINTS"].flatMap { Int($0) } ?? 10_500

    static let shapes: [(name: String, shape: SimulatedHost.Shape)] = [
        ("rename, zstd, encrypted, stored", SimulatedHost.Shape(compression: .zstd, isEncrypted: true)),
        ("rename, gzip, stored in parts", SimulatedHost.Shape(compression: .gzip, partBytes: 120)),
        ("rename, plain, stored in parts", SimulatedHost.Shape(partBytes: 150)),
        ("collapse, zstd, stored", SimulatedHost.Shape(method: .copytruncate, compression: .zstd, partBytes: 100)),
        ("truncate, plain, stored", SimulatedHost.Shape(method: .copytruncate, collapses: false)),
        ("numbers, zstd, kept here", SimulatedHost.Shape(naming: .number, compression: .zstd, uploads: false)),
        (
            "dates, encrypted, kept here and stored",
            SimulatedHost.Shape(naming: .date, compression: .zstd, isEncrypted: true, keep: 100, partBytes: 200)
        ),
    ]

    @Test(arguments: shapes.indices)
    func nothingIsLostAndNothingIsTwice(_ index: Int) async throws {
        let (name, shape) = CrashSimulationTests.shapes[index]
        let calm = try await calls(shape, try WorkerThreads(count: 1))
        try #require(calm > 50, "the scenario calls disk and store")
        let wanted = CrashSimulationTests.crashPoints / CrashSimulationTests.shapes.count + 1
        // Two lanes, each on a thread of its own, so that what a seed does does not depend on the other.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<2 {
                group.addTask { try await self.run(lane: lane, name, shape, index, calm: calm, wanted: wanted / 2) }
            }
            try await group.waitForAll()
        }
    }

    private func run(
        lane: Int, _ name: String, _ shape: SimulatedHost.Shape, _ index: Int, calm: Int, wanted: Int
    ) async throws {
        let workers = try WorkerThreads(count: 1)
        var deaths = 0
        var run = lane
        while deaths < wanted {
            defer { run += 2 }
            let seed = UInt64(run) &* 0x9E37_79B9 &+ UInt64(index)
            // Each call at least once, where there are runs enough; then by lot.
            let point = run < calm ? run + 1 : Int(seed % UInt64(calm)) + 1
            let host = SimulatedHost(shape, seed: seed)
            deaths += await crash(host, at: point, workers)
            if let complaint = await complaint(host) {
                Issue.record("\(name): seed \(seed), crash point \(point): \(complaint)")
                return
            }
        }
    }

    /// How many calls the scenario makes undisturbed.
    private func calls(_ shape: SimulatedHost.Shape, _ workers: WorkerThreads) async throws -> Int {
        let host = SimulatedHost(shape, seed: 1)
        host.power.start(diesAfter: nil)
        await days(host, workers)
        let calls = host.power.calls
        #expect(await complaint(host) == nil)
        return calls
    }

    /// Two rotations with writing between them.
    private func days(_ host: SimulatedHost, _ workers: WorkerThreads) async {
        host.write(lines: 12)
        await host.round(on: workers)
        host.time.advance(by: .seconds(90_000))
        host.write(lines: 9)
        await host.round(on: workers)
    }

    /// - Returns: How often the machine died.
    private func crash(_ host: SimulatedHost, at point: Int, _ workers: WorkerThreads) async -> Int {
        host.power.start(diesAfter: point)
        await days(host, workers)
        var deaths = host.power.isDead ? 1 : 0
        // It dies again while it recovers, in half of the runs; each time as a killed process or as a lost machine.
        for _ in 0..<host.power.number(0..<3) {
            if host.power.isDead, host.power.chance(0.6) { host.disk.recover() }
            host.power.start(diesAfter: host.power.number(1..<60))
            await host.round(on: workers)
            if host.power.isDead { deaths += 1 }
        }
        if host.power.isDead, host.power.chance(0.6) { host.disk.recover() }
        // A store that is away, a disk that is full now and then; then all is well for good.
        host.power.start(diesAfter: nil, faultRate: host.power.chance(0.3) ? 0.1 : 0)
        host.write(lines: 5)
        host.time.advance(by: .seconds(90_000))
        await host.round(on: workers)
        host.power.start(diesAfter: nil)
        for _ in 0..<2 {
            host.time.advance(by: .seconds(90_000))
            host.write(lines: 1)
            await host.round(on: workers)
        }
        return deaths
    }

    /// What is not as it must be; nil where all is.
    private func complaint(_ host: SimulatedHost) async -> String? {
        let content: [UInt8]
        do {
            content = try await host.content()
        } catch {
            return "the archive does not read: \(error); \(host.observer.told.suffix(5))"
        }
        if content != host.expected {
            return
                "of \(host.expected.count) bytes written, \(content.count) are there, \(difference(content, host.expected)); "
                + "\(host.observer.told.suffix(8).joined(separator: " | "))"
        }
        let (overwritten, uploads) = host.store.peek { ($0.overwritten, $0.uploads.count) }
        if overwritten > 0 { return "an object was overwritten" }
        if uploads > 0 { return "\(uploads) uploads were left" }
        let left = host.disk.peek { $0.folders["/logs"]?.keys.filter { $0.hasPrefix(".apus") } ?? [] }
        if !left.isEmpty { return "working files were left: \(left)" }
        return nil
    }

    private func difference(_ content: [UInt8], _ expected: [UInt8]) -> String {
        let same = zip(content, expected).prefix { $0 == $1 }.count
        func line(_ bytes: [UInt8]) -> String {
            String(decoding: bytes.dropFirst(max(0, same - 8)).prefix(40), as: UTF8.self).replacing("\n", with: "\\n")
        }
        return "the same up to byte \(same), then '\(line(content))' where '\(line(expected))' was written"
    }
}
