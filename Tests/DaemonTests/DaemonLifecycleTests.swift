import TestKit
import Testing

@testable import Daemon

@Suite struct DaemonLifecycleTests {
    @Test func aReloadDuringAReloadWaitsAndManyAreOne() {
        var lifecycle = DaemonLifecycle()
        #expect(lifecycle.event(.reloadRequested) == .beginReload)
        #expect(lifecycle.event(.reloadRequested) == .none)
        #expect(lifecycle.event(.reloadRequested) == .none)
        #expect(lifecycle.event(.jobEnded) == .beginReload)
        #expect(lifecycle.event(.jobEnded) == .none)
        #expect(lifecycle.phase == .running)
    }

    @Test func aStopDuringAReloadBeginsWhenTheReloadHasEnded() {
        var lifecycle = DaemonLifecycle()
        _ = lifecycle.event(.reloadRequested)
        _ = lifecycle.event(.reloadRequested)
        #expect(lifecycle.event(.stopRequested) == .none)
        #expect(lifecycle.event(.reloadRequested) == .none)
        #expect(lifecycle.event(.jobEnded) == .beginStop)
        #expect(lifecycle.event(.reloadRequested) == .none)
        #expect(lifecycle.event(.stopRequested) == .none)
    }

    @Test func aRollbackWaitsForTheReloadUnderWayAndGoesBeforeTheNext() {
        var lifecycle = DaemonLifecycle()
        #expect(lifecycle.event(.reloadRequested) == .beginReload)
        #expect(lifecycle.event(.reloadRequested) == .none)
        #expect(lifecycle.event(.rollbackRequested) == .none)
        #expect(lifecycle.event(.rollbackRequested) == .none)
        #expect(lifecycle.event(.jobEnded) == .beginRollback)
        #expect(lifecycle.phase == .rollingBack)
        #expect(lifecycle.event(.jobEnded) == .beginReload)
        #expect(lifecycle.event(.jobEnded) == .none)
        #expect(lifecycle.event(.rollbackRequested) == .beginRollback)
        #expect(lifecycle.event(.stopRequested) == .none)
        #expect(lifecycle.event(.jobEnded) == .beginStop)
        #expect(lifecycle.event(.rollbackRequested) == .none)
    }

    /// Whatever is asked in whatever order: never two things at once, a stop is carried out exactly once, and after the last
    /// request of a reload or of a rollback one begins.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func anyOrderOfRequests(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var lifecycle = DaemonLifecycle()
        var isWorking = false
        var isStopAsked = false
        var stops = 0
        var waiting: Set<String> = []
        for _ in 0..<200 {
            let roll = Int.random(in: 0..<100, using: &random)
            let event: DaemonLifecycle.Event =
                roll < 2 ? .stopRequested : roll < 35 ? .reloadRequested : roll < 50 ? .rollbackRequested : .jobEnded
            if event == .jobEnded && !isWorking { continue }
            if event == .jobEnded { isWorking = false }
            if event == .stopRequested { isStopAsked = true }
            if event == .reloadRequested { waiting.insert("reload") }
            if event == .rollbackRequested { waiting.insert("rollback") }
            switch lifecycle.event(event) {
            case .none: break
            case .beginReload:
                #expect(!isWorking && !isStopAsked && !waiting.contains("rollback"), "seed \(seed)")
                isWorking = true
                waiting.remove("reload")
            case .beginRollback:
                #expect(!isWorking && !isStopAsked, "seed \(seed)")
                isWorking = true
                waiting.remove("rollback")
            case .beginStop:
                #expect(!isWorking, "seed \(seed)")
                stops += 1
            }
            #expect(stops <= 1, "seed \(seed)")
            #expect(isWorking || !isStopAsked || stops == 1, "seed \(seed): a stop was forgotten")
            if lifecycle.phase == .running { #expect(waiting.isEmpty, "seed \(seed): a request was forgotten") }
        }
    }
}
