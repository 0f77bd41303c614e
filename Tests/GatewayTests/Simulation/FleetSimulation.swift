import Base
import Resilience
import TestKit

@testable import Gateway

/// Clients, two workers and a group of hosts in simulated time, with everything that stands between them: concurrency
/// limit, balancer, breaker, outlier detector, health checks, retries with a budget. In steps of a millisecond; all
/// chance comes from the seed.
struct FleetSimulation {
    struct Request {
        let worker: Int
        let isIdempotent: Bool
        let key: UInt64
        let startedAt: MonotonicInstant
        var gate = RetryGate()
        var tried = TriedHosts()
        var concurrency: AdaptiveConcurrency.Permit?
        var attempt: Attempt?
        /// The client goes away here.
        let abortsAt: MonotonicInstant?
    }

    struct Attempt {
        let host: Int
        let permit: CircuitBreaker.Permit
        let startedAt: MonotonicInstant
        let failure: FailureKind?
    }

    enum Event {
        /// The number guards against events of an attempt that is over.
        case attemptEnds(request: Int, attempt: Int)
        case retryDue(request: Int, attempt: Int)
        case clientAborts(request: Int)
    }

    let seed: UInt64
    let setup: FleetSetup
    var generator: SeededGenerator
    var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    var hosts: [SimulatedHost]
    let board: HostBoard
    var balancers: [Balancer]
    var breakers: [CircuitBreaker]
    var detector: OutlierDetector
    var checks: [HealthCheckState]
    var concurrency: AdaptiveConcurrency
    var budget: RetryBudget?
    var requests: [Int: Request] = [:]
    var attemptNumbers: [Int: Int] = [:]
    var events: [Int64: [Event]] = [:]
    var tally = FleetTally()

    init(seed: UInt64) {
        self.seed = seed
        var generator = SeededGenerator(seed: seed)
        let setup = FleetSetup(&generator)
        let start = now
        self.setup = setup
        hosts = [SimulatedHost](repeating: SimulatedHost(), count: setup.hostCount)
        let board = HostBoard(count: setup.hostCount)
        self.board = board
        let list = group((0..<setup.hostCount).map { _ in Int.random(in: 1...3, using: &generator) })
        balancers = (0..<2).map { Balancer(list, setup.balancing, board: board, seed: seed &* 2 &+ UInt64($0)) }
        breakers = hosts.map { _ in CircuitBreaker(setup.breaker, now: start) }
        detector = OutlierDetector(setup.outlier, hosts: setup.hostCount, now: start, seed: seed)
        checks = (0..<setup.hostCount).map { _ in HealthCheckState(setup.check, now: start, using: &generator) }
        concurrency = AdaptiveConcurrency(setup.concurrency, now: start, seed: seed)
        budget = RetryBudget(setup.budget, now: start)
        self.generator = generator
    }

    /// Moods change and clients come (`isStormy`), or all is well and clients come, or nobody comes any more.
    mutating func run(for duration: Duration, isStormy: Bool, requestsPerSecond: Int) {
        let end = now.advanced(by: duration)
        if !isStormy { for host in hosts.indices { hosts[host].mood = .well } }
        while now < end {
            now = now.advanced(by: .milliseconds(1))
            if isStormy, Int.random(in: 0..<4000, using: &generator) < hosts.count { changeMood() }
            for event in events.removeValue(forKey: millisecond(now)) ?? [] { handle(event) }
            runChecks()
            sweep()
            if Int.random(in: 0..<1000, using: &generator) < requestsPerSecond { arrive() }
            checkInvariants()
        }
    }

    private mutating func changeMood() {
        let host = Int.random(in: 0..<hosts.count, using: &generator)
        let isWell = Int.random(in: 0..<2, using: &generator) == 0
        hosts[host].mood = isWell ? .well : SimulatedHost.Mood.allCases.randomElement(using: &generator) ?? .well
    }

    private mutating func runChecks() {
        for host in hosts.indices where checks[host].nextCheck <= now {
            let passed = hosts[host].passesCheck(&generator)
            if let change = checks[host].record(passed: passed, setup.check, now: now, using: &generator) {
                board.set(.unhealthy, change.to == .unhealthy, host: host, now: now)
            }
            if passed, checks[host].health == .healthy, let back = detector.healthCheckPassed(host, now: now) {
                apply(back)
            }
        }
    }

    private mutating func sweep() {
        var transitions: [OutlierTransition] = []
        detector.sweep(now: now, into: &transitions)
        for transition in transitions { apply(transition) }
    }

    mutating func apply(_ transition: OutlierTransition) {
        board.set(.ejected, transition.isEjected, host: transition.host, now: now)
        tally.ejections += transition.isEjected ? 1 : 0
    }

    func millisecond(_ instant: MonotonicInstant) -> Int64 { instant.nanoseconds / 1_000_000 }

    mutating func schedule(_ event: Event, after wait: Duration) {
        // At least a millisecond: the list of the present one has been taken out already.
        let at = max(millisecond(now.advanced(by: wait)), millisecond(now) + 1)
        events[at, default: []].append(event)
    }

    private mutating func checkInvariants() {
        if detector.ejectedCount > setup.outlier.maximumEjected(of: hosts.count) {
            tally.complain("\(detector.ejectedCount) hosts are ejected")
        }
        guard millisecond(now) % 50 == 0 else { return }
        let attempts = requests.values.compactMap(\.attempt)
        for host in hosts.indices {
            let inFlight = attempts.count { $0.host == host }
            if board.active(host) != inFlight {
                tally.complain("host \(host): \(board.active(host)) counted, \(inFlight) in flight")
            }
            if detector.isEjected(host) != board.marks(host).contains(.ejected) {
                tally.complain("host \(host): mark and detector differ")
            }
        }
        if concurrency.active != requests.count { tally.complain("concurrency counts \(concurrency.active)") }
        if budget?.activeRequests != requests.count { tally.complain("the budget counts other requests") }
    }
}
