import Base
import Logging
import Resilience
import Synchronization
import Telemetry

/// All breakers by name, which go on over reloads.
final class BreakerBook: Sendable {
    private let breakers = Mutex<[String: SharedBreaker]>([:])
    private let events: EventSink

    init(events: EventSink) {
        self.events = events
    }

    /// The breaker of this name, with `policy` from now on.
    func breaker(_ name: String, _ policy: CircuitBreakerPolicy, now: MonotonicInstant) -> SharedBreaker {
        breakers.withLock { breakers in
            if let known = breakers[name] {
                known.reconfigure(policy, now: now)
                return known
            }
            let calls = events.metrics.histogram(GatewayMetricNames.breakerCalls)
            let (successful, failed) = (calls.with(name, "successful"), calls.with(name, "failed"))
            let breaker = SharedBreaker(
                name: name, CircuitBreaker(policy, now: now),
                changed: { [events] name, transition in
                    BreakerChanged(name: name, transition: transition).emit(to: events)
                },
                recorded: { outcome, duration in
                    (outcome == .success ? successful : failed).observe(duration.inSeconds)
                })
            breakers[name] = breaker
            return breaker
        }
    }

    /// Those of names that no setting has any more go, with what they have counted.
    func keepOnly(_ kept: [SharedBreaker]) {
        let names = Set(kept.map(\.name))
        breakers.withLock { breakers in breakers = breakers.filter { names.contains($0.key) } }
    }

    var all: [SharedBreaker] {
        breakers.withLock { $0.values.sorted { $0.name < $1.name } }
    }
}

struct BreakerChanged: Event {
    static let message = "circuit breaker changed"
    let name: String
    let transition: CircuitBreakerTransition
    var level: Logger.Level { transition.to == .open ? .warning : .info }
    var fields: Logger.Metadata {
        [
            "name": "\(name)", "from": "\(transition.from.rawValue)", "to": "\(transition.to.rawValue)",
            "reason": "\(transition.reason.rawValue)", "failureRate": .stringConvertible(transition.failureRate),
            "slowCallRate": .stringConvertible(transition.slowCallRate),
            "calls": .stringConvertible(transition.tally.calls),
        ]
    }
    func record(in metrics: MetricsRegistry) {
        metrics.counter(GatewayMetricNames.breakerChanges).with(name, transition.to.rawValue).increment()
    }
}

struct GatewayListening: Event {
    static let message = "gateway listening"
    let addresses: [String]
    var fields: Logger.Metadata { ["addresses": "\(addresses.joined(separator: ", "))"] }
}

struct HTTP2Broken: Event {
    static let message = "gateway client broke HTTP/2"
    let complaint: String
    var level: Logger.Level { .debug }
    var fields: Logger.Metadata { ["complaint": "\(complaint)"] }
}

struct HostHealthChanged: Event {
    static let message = "gateway host health changed"
    let upstream: String
    let host: String
    let isHealthy: Bool
    let reason: String
    var level: Logger.Level { isHealthy ? .info : .warning }
    var fields: Logger.Metadata {
        ["upstream": "\(upstream)", "host": "\(host)", "healthy": .stringConvertible(isHealthy), "reason": "\(reason)"]
    }
}

struct HostEjectionChanged: Event {
    static let message = "gateway host ejection changed"
    let upstream: String
    let host: String
    let isEjected: Bool
    let reason: String
    var level: Logger.Level { isEjected ? .warning : .info }
    var fields: Logger.Metadata {
        ["upstream": "\(upstream)", "host": "\(host)", "ejected": .stringConvertible(isEjected), "reason": "\(reason)"]
    }
    func record(in metrics: MetricsRegistry) {
        guard isEjected else { return }
        metrics.counter(GatewayMetricNames.ejections).with(upstream, reason).increment()
    }
}
