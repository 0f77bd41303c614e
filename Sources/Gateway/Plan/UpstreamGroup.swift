import Base
import HTTPWire
import Reactor
import Resilience
import Synchronization
import TLSWire
import Telemetry

/// The servers of one upstream, shared by all workers and kept over reloads as long as its settings stay the same.
final class UpstreamGroup: Sendable {
    let name: String
    let settings: UpstreamSettings
    let rules: UpstreamRules
    private let tlsContext: Mutex<TLSClientContext?>
    /// What counts as a failed call for the breakers of single hosts.
    let hostFailures: FailureSet
    let balancing: BalancingPolicy
    private let events: EventSink
    private let current: Mutex<HostSet>
    private let outliers: Mutex<OutlierBook>
    private let changes = Atomic<Int>(0)
    private let connections = Atomic<Int>(0)
    private let waiting = Atomic<Int>(0)

    init(
        name: String, settings: UpstreamSettings, tls: TLSClientContext?, hosts: HostSet, events: EventSink,
        now: MonotonicInstant
    ) {
        self.events = events
        self.name = name
        self.settings = settings
        tlsContext = Mutex(tls)
        hostFailures = FailureSet(settings.hostCircuitBreaker?.failures ?? [.serverError])
        rules = UpstreamRules(settings)
        balancing = BalancingPolicy(
            settings.balance.algorithm, panicThresholdPercent: settings.panicThreshold,
            slowStart: settings.slowStart?.policy ?? .off)
        current = Mutex(hosts)
        let detector = settings.outlierDetection.map {
            OutlierDetector(
                $0.policy, hosts: hosts.hosts.count, now: now, seed: UInt64.random(in: 0...UInt64.max))
        }
        outliers = Mutex(OutlierBook(hosts: hosts, detector: detector))
    }

    /// The detector and the list that its numbers mean.
    private struct OutlierBook {
        var hosts: HostSet
        var detector: OutlierDetector?
    }

    /// For new connections; nil: they are plain.
    var tls: TLSClientContext? { tlsContext.withLock { $0 } }

    /// Its files have changed.
    func replace(tls: TLSClientContext) { tlsContext.withLock { $0 = tls } }

    /// Grows with each change of the list of hosts.
    var version: Int { changes.load(ordering: .acquiring) }

    var hosts: HostSet { current.withLock { $0 } }

    /// Puts another list in the place of the present one.
    func replace(hosts: HostSet) {
        let before = current.withLock { current in
            defer { current = hosts }
            return current
        }
        outliers.withLock { book in
            guard let detector = book.detector else { return }
            let carried = detector.carried(to: hosts.hosts.count, policy: detector.policy) { index in
                before.hosts.firstIndex { $0 === hosts.hosts[index] }
            }
            book = OutlierBook(hosts: hosts, detector: carried)
        }
        changes.add(1, ordering: .releasing)
    }

    // MARK: Connections, of all workers

    /// Counts one more connection to `host`; false when a limit is reached.
    func takeConnection(to host: UpstreamHost) -> Bool {
        guard host.takeConnection(limit: rules.maxConnectionsPerHost) else { return false }
        guard rules.maxConnections != .max else { return true }
        if connections.add(1, ordering: .relaxed).newValue <= rules.maxConnections { return true }
        connections.subtract(1, ordering: .relaxed)
        host.giveConnection()
        return false
    }

    func giveConnection(to host: UpstreamHost) {
        host.giveConnection()
        if rules.maxConnections != .max { connections.subtract(1, ordering: .relaxed) }
    }

    /// Whether the limit of all hosts together is reached.
    var isFull: Bool { connections.load(ordering: .relaxed) >= rules.maxConnections }

    /// An attempt at `host` waits for a connection.
    func beganWaiting(for host: UpstreamHost) {
        waiting.add(1, ordering: .relaxed)
        host.waiting.add(1, ordering: .relaxed)
    }

    func endedWaiting(for host: UpstreamHost) {
        waiting.subtract(1, ordering: .relaxed)
        host.waiting.subtract(1, ordering: .relaxed)
    }

    /// Whether more than `own` attempts wait for a place that the end of a connection to `host` gives, or has given.
    ///
    /// - Parameter ifFull: Attempts at other hosts count only while the limit of all hosts together is reached.
    func isAwaited(_ host: UpstreamHost, besides own: Int, ifFull: Bool = false) -> Bool {
        guard waiting.load(ordering: .relaxed) > own else { return false }
        if host.waiting.load(ordering: .relaxed) > own { return true }
        return rules.maxConnections != .max && (isFull || !ifFull)
    }

    /// An attempt has ended: for passive health.
    func observe(_ attempt: Attempt, kind: AttemptFailure?, now: MonotonicInstant) {
        guard settings.outlierDetection != nil else { return }
        let result: OutlierResult = kind == nil ? .response(status: attempt.status) : .localOriginFailure
        let transition = outliers.withLock { book -> OutlierTransition? in
            // The list may have changed meanwhile: then the number means another host.
            guard book.hosts === attempt.hosts else { return nil }
            return book.detector?.record(attempt.host, result, now: now)
        }
        if let transition { apply(transition, attempt.hosts, now: now) }
    }

    /// The work of every interval of the outlier detector.
    func sweep(now: MonotonicInstant) {
        guard settings.outlierDetection != nil else { return }
        var transitions: [OutlierTransition] = []
        let hosts = outliers.withLock { book in
            book.detector?.sweep(now: now, into: &transitions)
            return book.hosts
        }
        for transition in transitions { apply(transition, hosts, now: now) }
    }

    private func apply(_ transition: OutlierTransition, _ hosts: HostSet, now: MonotonicInstant) {
        if transition.isEjected {
            hosts.hosts[transition.host].note(ejectedFor: transition.reason.rawValue, at: now)
        }
        hosts.board.set(.ejected, transition.isEjected, host: transition.host, now: now)
        HostEjectionChanged(
            upstream: name, host: hosts.hosts[transition.host].name, isEjected: transition.isEjected,
            reason: transition.reason.rawValue
        ).emit(to: events)
    }
}

/// The hosts of a group at one time. A change (DNS) makes another list.
final class HostSet: Sendable {
    let hosts: [UpstreamHost]
    let board: HostBoard

    init(_ hosts: [UpstreamHost]) {
        self.hosts = hosts
        board = HostBoard(count: hosts.count)
    }

    var balanced: [BalancedHost] { hosts.map { BalancedHost(key: $0.key, weight: $0.weight) } }
}

/// One server at one address.
final class UpstreamHost: Sendable {
    /// As the configuration has it, or with the address that its name stands for: `app-1:9001`, `app (10.0.0.7:9001)`.
    let name: String
    /// For Host and for TLS.
    let authority: String
    let serverName: String?
    let address: SocketAddress
    /// The address in text: hosts of one name are told apart by it.
    let addressText: String
    let key: UInt64
    let weight: Int
    let breaker: SharedBreaker?
    let metrics: HostMetrics
    private let connections = Atomic<Int>(0)
    /// Attempts of all workers that wait for a connection.
    fileprivate let waiting = Atomic<Int>(0)
    private let health = Mutex(Health())
    let trouble = UpstreamTrouble()
    let pace = HostPace()
    private let ejection = Mutex(Ejection())

    /// What its last change of health was.
    struct Health: Sendable {
        var isHealthy = true
        var reason = ""
        var since: MonotonicInstant?
    }

    /// Why and since when it is left out as an outlier.
    struct Ejection: Sendable {
        var reason = ""
        var since: MonotonicInstant?
    }

    var lastEjection: Ejection { ejection.withLock { $0 } }

    func note(ejectedFor reason: String, at now: MonotonicInstant) {
        ejection.withLock { $0 = Ejection(reason: reason, since: now) }
    }

    init(
        name: String, authority: String, serverName: String?, address: SocketAddress, addressText: String, key: UInt64,
        weight: Int,
        breaker: SharedBreaker?, metrics: HostMetrics
    ) {
        self.name = name
        self.authority = authority
        self.serverName = serverName
        self.address = address
        self.addressText = addressText
        self.key = key
        self.weight = weight
        self.breaker = breaker
        self.metrics = metrics
    }

    /// Whether it is the same server, so that its marks go on.
    func isSame(as other: UpstreamHost) -> Bool { name == other.name && addressText == other.addressText }

    /// Whether a reload left it as it is.
    func hasSameSettings(as other: UpstreamHost) -> Bool {
        weight == other.weight && serverName == other.serverName && breaker === other.breaker
    }

    var lastHealth: Health { health.withLock { $0 } }

    /// Why TLS with the host failed last; shown beside its state.
    func note(tlsFault: String) {
        health.withLock { $0.reason = "TLS: \(tlsFault)" }
        trouble.note(tlsFault: tlsFault)
    }

    func note(isHealthy: Bool, reason: String, at now: MonotonicInstant) {
        health.withLock { $0 = Health(isHealthy: isHealthy, reason: reason, since: now) }
    }

    var connectionCount: Int { connections.load(ordering: .relaxed) }

    /// Counts one more connection; false when that would be more than `limit`.
    func takeConnection(limit: Int) -> Bool {
        let taken = connections.add(1, ordering: .relaxed)
        if taken.newValue <= limit { return true }
        connections.subtract(1, ordering: .relaxed)
        return false
    }

    func giveConnection() {
        connections.subtract(1, ordering: .relaxed)
    }
}

/// The numbers of a group's settings as the engine uses them.
struct UpstreamRules: Sendable {
    var connectTimeout = Duration.seconds(5)
    var tlsHandshakeTimeout = Duration.seconds(10)
    var idleTimeout = Nanoseconds(.seconds(50))
    var pendingTimeout = Duration.seconds(5)
    var maxConnections = Int.max
    var maxConnectionsPerHost = Int.max
    var maxIdlePerHost = 256
    var maxPending = 1024
    var requestsPerConnection = UInt32.max
    var streamsPerConnection = 100
    var speaksHTTP2Plain = false
    var headLimits = HeadLimits()

    init(_ settings: UpstreamSettings) {
        let pool = settings.pool
        tlsHandshakeTimeout = pool.tlsHandshakeTimeout
        idleTimeout = Nanoseconds(pool.idleTimeout)
        pendingTimeout = pool.pendingTimeout
        maxConnections = pool.maxConnections ?? .max
        maxConnectionsPerHost = pool.maxConnectionsPerHost ?? .max
        maxIdlePerHost = pool.maxIdlePerHost
        maxPending = pool.maxPending
        requestsPerConnection = pool.requestsPerConnection.map { UInt32(clamping: $0) } ?? .max
        streamsPerConnection = pool.streamsPerConnection
        speaksHTTP2Plain = settings.protocolChoice == .http2 && settings.tls == nil
        headLimits.bytes = 64 << 10
        headLimits.fields = 200
        headLimits.fieldBytes = 32 << 10
    }
}

extension BalanceSettings {
    var algorithm: BalancingPolicy.Algorithm {
        switch self {
        case .roundRobin: .roundRobin
        case .leastRequests: .leastRequests
        case .random: .random
        case .consistentHash: .consistentHash
        }
    }
}

extension SlowStartSettings {
    var policy: SlowStart {
        SlowStart(window: window, aggression: aggression, minimumWeightPercent: minWeightPercent)
    }
}

extension OutlierDetectionSettings {
    var policy: OutlierPolicy {
        var policy = OutlierPolicy()
        policy.consecutive5xx = consecutive5xx
        policy.consecutiveGatewayFailures = consecutiveGatewayFailures
        policy.consecutiveLocalOriginFailures = consecutiveLocalFailures
        // At 0 a failure without an answer counts as an answer of 503.
        policy.splitLocalOriginFailures = consecutiveLocalFailures > 0
        policy.interval = interval
        policy.baseEjectionTime = baseEjectionTime
        policy.maximumEjectionTime = maxEjectionTime
        policy.maximumEjectionPercent = maxEjectionPercent
        if let successRate {
            var rule = OutlierPolicy.SuccessRate()
            rule.minimumHosts = successRate.minimumHosts
            rule.requestVolume = successRate.requestVolume
            rule.standardDeviations = successRate.stdevFactor
            policy.successRate = rule
        }
        if let failurePercentage {
            var rule = OutlierPolicy.FailurePercentage()
            rule.threshold = failurePercentage.threshold
            rule.minimumHosts = failurePercentage.minimumHosts
            rule.requestVolume = failurePercentage.requestVolume
            policy.failurePercentage = rule
        }
        return policy
    }
}
