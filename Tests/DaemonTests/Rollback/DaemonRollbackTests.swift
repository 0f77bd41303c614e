import Base
import Resilience
import Settings
import TestKit
import Testing

@testable import Daemon

@Suite(.timeLimit(.minutes(5))) struct DaemonRollbackTests {
    private static let good = "alpha: { value: 1 }\nbeta: { value: 1 }"
    private static let bad = "alpha: { value: 2 }\nbeta: { value: 2 }"
    private static let reason = RollbackReason(.errorRate, "60 of 400 requests failed")

    private func expect(
        _ stage: DaemonStage, runs values: [String: Int], _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await eventually("\(values) run, not \(stage.values)") { stage.values == values }
        #expect(stage.values == values, comment, sourceLocation: sourceLocation)
    }

    /// As the gateway does it: reload, count, breach, back on the former settings with all components.
    @Test func aBreachPutsTheFormerSettingsBack() async throws {
        let receiver = try NotifyReceiver(path: "\(TemporaryFolder().path)-notify")
        let stage = try await DaemonStage(
            DaemonRollbackTests.good, environment: ["NOTIFY_SOCKET": receiver.path])
        #expect(receiver.receive().hasPrefix("READY=1"))
        #expect(stage.metric("apus_daemon_rolled_back") == "0")
        #expect(stage.metric("apus_daemon_rollbacks_total{cause=\"error-rate\"}") == "0")
        #expect(try await stage.reload(DaemonRollbackTests.bad + "\ngamma: { value: 2 }").isSuccess)
        try await expect(stage, runs: ["alpha": 2, "beta": 2, "gamma": 2])
        let rejected = await stage.daemon.snapshot().configurationHash

        let context = try stage.context("alpha")
        let policy = RollbackPolicy(maxErrorRate: 0.05, minimumRequests: 100)
        var watch = RollbackWatch(policy, now: context.time.now())
        watch.begin(context.origin, policy: policy, now: context.time.now())
        let verdict = watch.record(
            RollbackSample(requests: 400, failures: 60), now: context.time.now().advanced(by: .seconds(1)))
        guard case .breach(let breach) = verdict else { throw ApusError(code: "none", "no breach: \(verdict)") }
        #expect(await context.rollBack(RollbackReason(breach)) == .rolledBack(to: 1))

        try await expect(stage, runs: ["alpha": 1, "beta": 1])
        let snapshot = await stage.daemon.snapshot()
        #expect(snapshot.isReady && snapshot.generation == 3)
        #expect(snapshot.rolledBack?.rejectedHash == rejected)
        #expect(snapshot.rolledBack?.restoredHash == snapshot.configurationHash)
        #expect(snapshot.rolledBack?.reason.text == breach.description)
        #expect(try String(decoding: Files.read(stage.file), as: UTF8.self).contains("gamma"))
        #expect(stage.metric("apus_daemon_rolled_back") == "1")
        #expect(stage.metric("apus_daemon_rollbacks_total{cause=\"error-rate\"}") == "1")
        #expect(stage.messages.contains("configuration rolled back"))
        let page = ConsolePage.render(snapshot, logs: [], canReload: false).text
        #expect(page.contains("The file on disk is not what runs") && page.contains("60 of 400 requests failed"))
        let told = (0..<4).map { _ in receiver.receive() }
        #expect(told[3].hasPrefix("READY=1\nSTATUS=rolled back to the settings of generation 1: 60 of 400"), "\(told)")
        try await stage.stop()
    }

    @Test func theOriginTellsAComponentWhatItIsBuiltBy() async throws {
        let stage = try await DaemonStage(DaemonRollbackTests.good)
        #expect(try stage.context("alpha").origin == .start)
        try await stage.reload(DaemonRollbackTests.bad + "\ngamma: { value: 1 }")
        #expect(try stage.context("alpha").origin == .reload)
        #expect(try stage.context("gamma").origin == .start)
        _ = try await stage.context("alpha").rollBack(DaemonRollbackTests.reason)
        #expect(try stage.context("alpha").origin == .rollback)
        try await stage.stop()
    }

    @Test func neitherAFirstGenerationNorARollbackIsRolledBack() async throws {
        let stage = try await DaemonStage(DaemonRollbackTests.good)
        let first = try await stage.context("alpha").rollBack(DaemonRollbackTests.reason)
        #expect(first == .refused("no earlier settings of alpha are known"))
        try await stage.reload(DaemonRollbackTests.bad)
        _ = try await stage.context("alpha").rollBack(DaemonRollbackTests.reason)
        let again = try await stage.context("alpha").rollBack(DaemonRollbackTests.reason)
        guard case .refused(let why) = again else { throw ApusError(code: "no", "\(again)") }
        #expect(why.hasPrefix("what runs was itself put back"))
        #expect(stage.metric("apus_daemon_rollbacks_refused_total{cause=\"error-rate\"}") == "2")
        try await expect(stage, runs: ["alpha": 1, "beta": 1])
        try await stage.stop()
    }

    /// SIGHUP with the file that was taken back brings the breach back: no. With a changed one: yes, and all is forgotten.
    @Test(arguments: ["# mended\n\(bad)", "alpha: { value: 3 }", good])
    func theRejectedFileIsRefusedUntilItChanges(changed: String) async throws {
        let stage = try await DaemonStage(DaemonRollbackTests.good)
        try await stage.reload(DaemonRollbackTests.bad)
        _ = try await stage.context("alpha").rollBack(DaemonRollbackTests.reason)
        for _ in 0..<2 {
            let refused = try await stage.reload(DaemonRollbackTests.bad)
            #expect(refused.complaints.first?.contains("was rolled back at") == true, "\(refused)")
            #expect(refused.complaints.first?.contains("60 of 400 requests failed") == true)
            #expect(await stage.daemon.snapshot().rolledBack != nil)
        }
        try await expect(stage, runs: ["alpha": 1, "beta": 1])
        #expect(try await stage.reload("alpha: { value: wrong }").isSuccess == false)
        #expect(stage.metric("apus_daemon_rolled_back") == "1")
        #expect(try await stage.reload(changed).isSuccess)
        #expect(stage.metric("apus_daemon_rolled_back") == "0")
        #expect(await stage.daemon.snapshot().rolledBack == nil)
        try await stage.stop()
    }

    @Test func whoForcesItGetsTheRejectedFile() async throws {
        let stage = try await DaemonStage(DaemonRollbackTests.good)
        try await stage.reload(DaemonRollbackTests.bad)
        _ = try await stage.context("alpha").rollBack(DaemonRollbackTests.reason)
        #expect(try await stage.reload(DaemonRollbackTests.bad, isForced: true).isSuccess)
        try await expect(stage, runs: ["alpha": 2, "beta": 2])
        // It is a reload as any other: a breach takes it back again.
        #expect(try await stage.context("alpha").rollBack(DaemonRollbackTests.reason) == .rolledBack(to: 3))
        try await expect(stage, runs: ["alpha": 1, "beta": 1])
        try await stage.stop()
    }

    @Test func whatCannotBeBuiltAnyMoreLeavesWhatRuns() async throws {
        let stage = try await DaemonStage(DaemonRollbackTests.good)
        try await stage.reload(DaemonRollbackTests.bad)
        stage.refuseToBuild("beta 1")
        let outcome = try await stage.context("alpha").rollBack(DaemonRollbackTests.reason)
        guard case .failed(let complaints) = outcome else { throw ApusError(code: "no", "\(outcome)") }
        #expect(complaints.first?.contains("beta.value: 1 is taken") == true, "\(complaints)")
        try await expect(stage, runs: ["alpha": 2, "beta": 2])
        let snapshot = await stage.daemon.snapshot()
        #expect(snapshot.isReady && snapshot.rolledBack == nil && snapshot.generation == 2)
        let page = ConsolePage.render(snapshot, logs: [], canReload: false).text
        #expect(page.contains("A rollback was asked for and could not be made") && page.contains("1 is taken"))
        #expect(stage.metric("apus_daemon_rolled_back") == "0")
        #expect(stage.metric("apus_daemon_rollbacks_total{cause=\"error-rate\"}") == "0")
        #expect(stage.metric("apus_daemon_rollbacks_failed_total{cause=\"error-rate\"}") == "1")
        #expect(stage.messages.contains("rollback failed, the running configuration stays"))
        try await stage.stop()
    }

    /// The change that breaks `alpha` lies behind one of `beta`: what was before the former is put back, all of it.
    @Test func theLastChangeOfTheComponentThatAsksIsTakenBack() async throws {
        let stage = try await DaemonStage("alpha: { value: 1 }\nbeta: { value: 1 }")
        try await stage.reload("alpha: { value: 2 }\nbeta: { value: 1 }")
        let context = try stage.context("alpha")
        try await stage.reload("alpha: { value: 2 }\nbeta: { value: 2 }")
        try await stage.reload("# nothing new\nalpha: { value: 2 }\nbeta: { value: 2 }")
        #expect(await context.rollBack(DaemonRollbackTests.reason) == .rolledBack(to: 1))
        try await expect(stage, runs: ["alpha": 1, "beta": 1])
        try await stage.stop()
    }

    @Test func aComponentThatIsNewDoesNotVanishByARollback() async throws {
        let stage = try await DaemonStage("alpha: { value: 1 }")
        try await stage.reload("alpha: { value: 1 }\nbeta: { value: 1 }")
        let outcome = try await stage.context("beta").rollBack(DaemonRollbackTests.reason)
        #expect(outcome == .refused("no earlier settings of beta are known"))
        try await expect(stage, runs: ["alpha": 1, "beta": 1])
        try await stage.stop()
    }

    /// Whichever comes first: with the rejected file still on disk, the former settings run; with a new one, the new ones.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func aSIGHUPAtTheSameTime(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let stage = try await DaemonStage(DaemonRollbackTests.good)
        try await stage.reload(DaemonRollbackTests.bad)
        let context = try stage.context("alpha")
        let isNew = Bool.random(using: &random)
        if isNew { try stage.write("alpha: { value: 3 }\nbeta: { value: 3 }") }
        let yields = (Int.random(in: 0..<30, using: &random), Int.random(in: 0..<30, using: &random))
        async let outcome = { () -> RollbackOutcome in
            for _ in 0..<yields.0 { await Task.yield() }
            return await context.rollBack(DaemonRollbackTests.reason)
        }()
        for _ in 0..<yields.1 { await Task.yield() }
        stage.signal(.reload)
        let record = await stage.daemon.reload(isForced: false)
        let result = await outcome
        let value = isNew ? 3 : 1
        try await expect(stage, runs: ["alpha": value, "beta": value], "seed \(seed): \(result), \(record)")
        let snapshot = await stage.daemon.snapshot()
        #expect((snapshot.rolledBack == nil) == isNew, "seed \(seed)")
        #expect(snapshot.isReady, "seed \(seed)")
        #expect(
            stage.metric("apus_daemon_rollbacks_total{cause=\"error-rate\"}")
                == (result == .rolledBack(to: 1) ? "1" : "0"), "seed \(seed)")
        try await stage.stop()
    }

    @Test func thoseThatAskAtTheSameTimeGetOneRollback() async throws {
        let stage = try await DaemonStage(DaemonRollbackTests.good)
        try await stage.reload(DaemonRollbackTests.bad)
        let contexts = try ["alpha", "beta"].map(stage.context)
        let outcomes = await withTaskGroup(of: RollbackOutcome.self) { group in
            for index in 0..<20 { group.addTask { await contexts[index % 2].rollBack(DaemonRollbackTests.reason) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == .rolledBack(to: 1) } == 1)
        #expect(stage.metric("apus_daemon_rollbacks_total{cause=\"error-rate\"}") == "1")
        try await expect(stage, runs: ["alpha": 1, "beta": 1])
        try await stage.stop()
        #expect(await contexts[0].rollBack(DaemonRollbackTests.reason) == .refused("apus is stopping"))
    }
}
