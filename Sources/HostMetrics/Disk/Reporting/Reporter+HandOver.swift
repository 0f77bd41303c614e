package import Base
import Resilience

/// What of a reporter survives a reload.
extension Reporter {
    /// What the successor goes on with.
    package struct Remainder: Sendable {
        let reports: [Report]
        let breaker: CircuitBreaker
    }

    /// Gives up the queue. What is being sent stays here: its post is under way, and whoever sent it again would
    /// report twice.
    package mutating func handOver() -> Remainder {
        var reports: [Report] = []
        if let waiting = takeUnsent() { reports.append(waiting) }
        while let report = takeQueued() { reports.append(report) }
        return Remainder(reports: reports, breaker: breakerValue)
    }

    /// Goes on with what a predecessor gave up, which is older than anything here.
    package mutating func adopt(_ remainder: Remainder, now: MonotonicInstant) -> [Note] {
        var newer: [Report] = []
        while let report = takeQueued() { newer.append(report) }
        continueBreaker(remainder.breaker, now: now)
        return (remainder.reports + newer).flatMap { offer($0) }
    }
}
