import Base
import Resilience

/// The breaker again, written to be obviously right and slow: every result of the present state is kept, and every rate is
/// counted anew. Shares no code with the real one.
struct CircuitBreakerModel {
    struct Permit: Hashable {
        let id: Int
        let generation: Int
    }

    struct Call {
        let second: Int64
        let failed: Bool
        let slow: Bool
    }

    let policy: CircuitBreakerPolicy
    var state = CircuitBreaker.State.closed
    var since: MonotonicInstant
    var generation = 0
    var calls: [Call] = []
    var trialsOut: [Int: MonotonicInstant] = [:]
    var shownWhileOpen: (failureRate: Double, slowCallRate: Double, buffered: Int) = (-1, -1, 0)
    var notPermitted = 0
    var late = 0
    var reclaimed = 0
    var nextID = 0

    init(_ policy: CircuitBreakerPolicy, now: MonotonicInstant) {
        self.policy = policy
        since = now
    }

    mutating func acquire(now: MonotonicInstant) -> Permit? {
        nextID += 1
        let refused: Bool
        switch state {
        case .closed, .disabled, .metricsOnly:
            return Permit(id: nextID, generation: generation)
        case .forcedOpen:
            refused = true
        case .open:
            if since.duration(to: now) >= policy.waitDurationInOpenState { enter(.halfOpen, now) }
            refused = state == .open
        case .halfOpen:
            refused = overdue(now)
        }
        if !refused {
            reclaim(now)
            if trialsOut.count + calls.count < policy.permittedNumberOfCallsInHalfOpenState {
                trialsOut[nextID] = now
                return Permit(id: nextID, generation: generation)
            }
        }
        notPermitted += 1
        return nil
    }

    mutating func record(_ permit: Permit, failed: Bool, duration: Duration, now: MonotonicInstant) {
        guard permit.generation == generation else {
            late += 1
            return
        }
        let second = now.nanoseconds / 1_000_000_000
        let call = Call(second: second, failed: failed, slow: duration > policy.slowCallDurationThreshold)
        switch state {
        case .closed:
            calls.append(call)
            if breached(now) { enter(.open, now) }
        case .metricsOnly:
            calls.append(call)
        case .halfOpen:
            guard trialsOut.removeValue(forKey: permit.id) != nil else {
                late += 1
                return
            }
            calls.append(call)
            if calls.count == policy.permittedNumberOfCallsInHalfOpenState {
                enter(breached(now) ? .open : .closed, now)
            }
        case .open, .forcedOpen, .disabled:
            break
        }
    }

    mutating func release(_ permit: Permit) {
        if permit.generation != generation {
            late += 1
        } else if state == .halfOpen, trialsOut.removeValue(forKey: permit.id) == nil {
            late += 1
        }
    }

    mutating func tick(now: MonotonicInstant) {
        if state == .open, policy.automaticTransitionFromOpenToHalfOpenEnabled {
            if since.duration(to: now) >= policy.waitDurationInOpenState { enter(.halfOpen, now) }
        } else if state == .halfOpen, !overdue(now) {
            reclaim(now)
        }
    }

    mutating func enter(_ target: CircuitBreaker.State, _ now: MonotonicInstant) {
        if target == .open { shownWhileOpen = rates(now) }
        state = target
        since = now
        generation += 1
        calls = []
        trialsOut = [:]
    }

    /// The calls that count now, by the definition of each window.
    func counted(_ now: MonotonicInstant) -> [Call] {
        switch (state, policy.slidingWindowType) {
        case (.halfOpen, _):
            return calls
        case (_, .countBased):
            return Array(calls.suffix(policy.slidingWindowSize))
        case (_, .timeBased):
            let second = now.nanoseconds / 1_000_000_000
            return calls.filter { $0.second > second - Int64(policy.slidingWindowSize) }
        }
    }

    func rates(_ now: MonotonicInstant) -> (failureRate: Double, slowCallRate: Double, buffered: Int) {
        if state == .open { return shownWhileOpen }
        let counted = counted(now)
        guard !counted.isEmpty, counted.count >= minimum else { return (-1, -1, counted.count) }
        let failed = counted.filter(\.failed).count
        let slow = counted.filter(\.slow).count
        let total = Double(counted.count)
        return (Double(failed) * 100 / total, Double(slow) * 100 / total, counted.count)
    }

    private var minimum: Int {
        if state == .halfOpen { return policy.permittedNumberOfCallsInHalfOpenState }
        return policy.slidingWindowType == .countBased
            ? min(policy.minimumNumberOfCalls, policy.slidingWindowSize) : policy.minimumNumberOfCalls
    }

    private func breached(_ now: MonotonicInstant) -> Bool {
        let counted = counted(now)
        guard counted.count >= minimum else { return false }
        let failed = counted.filter(\.failed).count
        let slow = counted.filter(\.slow).count
        return failed * 100 >= Int(policy.failureRateThreshold) * counted.count
            || slow * 100 >= Int(policy.slowCallRateThreshold) * counted.count
    }

    private mutating func overdue(_ now: MonotonicInstant) -> Bool {
        let limit = policy.maxWaitDurationInHalfOpenState
        guard limit > .zero, since.duration(to: now) >= limit else { return false }
        enter(.open, since.advanced(by: limit))
        return true
    }

    private mutating func reclaim(_ now: MonotonicInstant) {
        let due = trialsOut.filter { $0.value.duration(to: now) >= policy.halfOpenPermitTimeout }
        reclaimed += due.count
        for id in due.keys { trialsOut[id] = nil }
    }
}
