package import Base
import Resilience
import Synchronization

/// What of a reporter survives a reload.
extension Reporter {
    /// What the successor goes on with.
    package struct Remainder: Sendable {
        let reports: [Report]
        let breaker: CircuitBreaker
        /// Where reports come back to whose posts were under way, when they fail.
        let returns: [ReturnedReport]
    }

    /// Gives up the queue. What is being sent stays here: its post is under way, and whoever sent it again would
    /// report twice. Should that post fail, the report goes to the successor.
    package mutating func handOver() -> Remainder {
        var reports: [Report] = []
        if let waiting = takeUnsent() { reports.append(waiting) }
        while let report = takeQueued() { reports.append(report) }
        return Remainder(reports: reports, breaker: breakerValue, returns: openReturns())
    }

    /// Goes on with what a predecessor gave up, which is older than anything here.
    package mutating func adopt(_ remainder: Remainder, now: MonotonicInstant) -> [Note] {
        var newer: [Report] = []
        while let report = takeQueued() { newer.append(report) }
        continueBreaker(remainder.breaker, now: now)
        expect(remainder.returns)
        return (remainder.reports + newer).flatMap { offer($0) }
    }
}

/// The way of one report from a generation that could not deliver it to its successor.
package final class ReturnedReport: Sendable {
    private struct State {
        var report: Report?
        var whenBack: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    func give(_ report: Report) {
        let whenBack = state.withLock { state in
            state.report = report
            return state.whenBack
        }
        whenBack?()
    }

    func take() -> Report? {
        state.withLock { state in
            defer { state.report = nil }
            return state.report
        }
    }

    /// Calls `act` when the report is back, at once if it is already.
    package func whenBack(_ act: @escaping @Sendable () -> Void) {
        let isBack = state.withLock { state in
            state.whenBack = act
            return state.report != nil
        }
        if isBack { act() }
    }
}
