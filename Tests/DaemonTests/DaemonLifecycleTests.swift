import TestKit
import Testing

@testable import Daemon

@Suite struct DaemonLifecycleTests {
    @Test func aReloadDuringAReloadWaitsAndManyAreOne() {
        var lifecycle = DaemonLifecycle()
        #expect(lifecycle.event(.reloadRequested) == .beginReload)
        #expect(lifecycle.event(.reloadRequested) == .none)
        #expect(lifecycle.event(.reloadRequested) == .none)
        #expect(lifecycle.event(.reloadEnded) == .beginReload)
        #expect(lifecycle.event(.reloadEnded) == .none)
        #expect(lifecycle.phase == .running)
    }

    @Test func aStopDuringAReloadBeginsWhenTheReloadHasEnded() {
        var lifecycle = DaemonLifecycle()
        _ = lifecycle.event(.reloadRequested)
        _ = lifecycle.event(.reloadRequested)
        #expect(lifecycle.event(.stopRequested) == .none)
        #expect(lifecycle.event(.reloadRequested) == .none)
        #expect(lifecycle.event(.reloadEnded) == .beginStop)
        #expect(lifecycle.event(.reloadRequested) == .none)
        #expect(lifecycle.event(.stopRequested) == .none)
    }

    /// Whatever is asked in whatever order: never two things at once, a stop is carried out exactly once, and after the last
    /// request of a reload a reload begins.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func anyOrderOfRequests(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var lifecycle = DaemonLifecycle()
        var isReloading = false
        var stops = 0
        var isAsked = false
        for _ in 0..<200 {
            let roll = Int.random(in: 0..<10, using: &random)
            let event: DaemonLifecycle.Event = roll == 0 ? .stopRequested : roll < 6 ? .reloadRequested : .reloadEnded
            if event == .reloadEnded && !isReloading { continue }
            if event == .reloadEnded { isReloading = false }
            if event == .reloadRequested && stops == 0 { isAsked = true }
            switch lifecycle.event(event) {
            case .none: break
            case .beginReload:
                #expect(!isReloading && stops == 0, "seed \(seed)")
                isReloading = true
                isAsked = false
            case .beginStop:
                #expect(!isReloading, "seed \(seed)")
                stops += 1
            }
            #expect(stops <= 1, "seed \(seed)")
            if lifecycle.phase == .running { #expect(!isAsked, "seed \(seed): a reload was forgotten") }
        }
    }
}
