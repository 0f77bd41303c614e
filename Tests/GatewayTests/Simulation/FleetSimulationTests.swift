import Base
import Resilience
import TestKit
import Testing

@testable import Gateway

/// A storm over a fleet, then calm, then silence. A failing run names its seed.
@Suite struct FleetSimulationTests {
    @Test(arguments: UInt64(1)...6)
    func nothingLeaksNothingMultipliesEverybodyComesBack(seed: UInt64) {
        var fleet = FleetSimulation(seed: seed)
        fleet.run(for: .seconds(25), isStormy: true, requestsPerSecond: 120)
        #expect(fleet.tally.retries <= mostRetries(fleet), "seed \(seed): \(fleet.tally)")
        #expect(
            fleet.tally.attempts <= fleet.tally.requests + fleet.tally.retries + fleet.tally.staleRepeats,
            "seed \(seed): \(fleet.tally)")

        // Time for the longest ejection, the breakers' waits and the checks.
        fleet.run(for: .seconds(20), isStormy: false, requestsPerSecond: 120)
        let before = fleet.tally
        fleet.run(for: .seconds(5), isStormy: false, requestsPerSecond: 120)
        expectAllBack(fleet)
        let failed = fleet.tally.failed - before.failed
        #expect(failed == fleet.tally.failedStale - before.failedStale, "seed \(seed): requests fail in a calm")

        fleet.run(for: .seconds(6), isStormy: false, requestsPerSecond: 0)
        expectNothingHeld(fleet)
        #expect(fleet.tally.complaints.isEmpty, "seed \(seed), \(fleet.setup)")
    }

    /// The storms must be storms, or the test above shows nothing.
    @Test func theStormsReachEverything() {
        var sum = FleetTally()
        for seed in UInt64(100)..<104 {
            var fleet = FleetSimulation(seed: seed)
            fleet.run(for: .seconds(30), isStormy: true, requestsPerSecond: 120)
            sum.retries += fleet.tally.retries
            sum.ejections += fleet.tally.ejections
            sum.breakersOpened += fleet.tally.breakersOpened
            sum.panics += fleet.tally.panics
            sum.aborted += fleet.tally.aborted
            sum.staleRepeats += fleet.tally.staleRepeats
            sum.failed += fleet.tally.failed
        }
        #expect(sum.retries > 100 && sum.ejections > 10 && sum.breakersOpened > 10, "\(sum)")
        #expect(sum.panics > 100 && sum.aborted > 10 && sum.staleRepeats > 3 && sum.failed > 10, "\(sum)")
    }

    @Test func theSameSeedRepeatsTheRun() {
        var runs = (0..<2).map { _ in FleetSimulation(seed: 7) }
        for index in runs.indices { runs[index].run(for: .seconds(5), isStormy: true, requestsPerSecond: 100) }
        #expect(
            "\(runs[0].tally.attempts) \(runs[0].tally.served)" == "\(runs[1].tally.attempts) \(runs[1].tally.served)")
        #expect(runs[0].tally.attemptsByHost == runs[1].tally.attemptsByHost)
    }

    /// A token bucket bounds retries over any stretch; the other kind at each instant, which the simulation checks.
    private func mostRetries(_ fleet: FleetSimulation) -> Int {
        guard case .tokenBucket(let ratio, let perSecond, let capacity) = fleet.setup.budget else {
            return fleet.tally.requests * fleet.setup.retry.maximumRetries
        }
        return Int(ratio * Double(fleet.tally.requests)) + capacity + perSecond * 25 + 1
    }

    private func expectAllBack(_ fleet: FleetSimulation) {
        for host in fleet.hosts.indices {
            let place = "seed \(fleet.seed), host \(host) of \(fleet.hosts.count)"
            #expect(fleet.board.isUsable(host), "\(place): \(fleet.board.marks(host))")
            #expect(fleet.breakers[host].state == .closed, "\(place)")
            #expect(fleet.checks[host].health == .healthy, "\(place)")
        }
        #expect(fleet.detector.ejectedCount == 0, "seed \(fleet.seed)")
    }

    private func expectNothingHeld(_ fleet: FleetSimulation) {
        #expect(fleet.requests.isEmpty, "seed \(fleet.seed)")
        #expect(fleet.concurrency.active == 0, "seed \(fleet.seed)")
        #expect(fleet.budget?.activeRetries == 0 && fleet.budget?.activeRequests == 0, "seed \(fleet.seed)")
        #expect(fleet.hosts.indices.allSatisfy { fleet.board.active($0) == 0 }, "seed \(fleet.seed)")
        for var breaker in fleet.breakers {
            #expect(breaker.snapshot(now: fleet.now).outstandingPermits == 0, "seed \(fleet.seed)")
            #expect(breaker.reclaimedPermits == 0, "seed \(fleet.seed): a permit had to be taken back")
        }
    }
}
