package import Base

/// A circuit breaker with resilience4j's semantics as a value: calls in, permits and transitions out. No clock, no lock,
/// no I/O; the owner guards it (a `Mutex`, or one per event loop). O(1) per call and no allocation after `init`.
///
/// - CLOSED counts results in a sliding window and opens when, from `minimumNumberOfCalls` on, the failure rate or the
///   slow-call rate is equal to or above its threshold.
/// - OPEN admits nothing; the first `tryAcquire` after `waitDurationInOpenState` (or `tick`, where the transition is
///   automatic) makes it HALF_OPEN.
/// - HALF_OPEN admits `permittedNumberOfCallsInHalfOpenState` trial calls and refuses the rest. When **all** of them have
///   completed it opens again (rate at or above a threshold) or closes with an empty window.
/// - FORCED_OPEN, DISABLED and METRICS_ONLY are entered and left only by `force`.
///
/// Each state it enters is a new generation. A result counts only in the generation that admitted its call; a late one is
/// counted in `lateResults` and changes nothing, where resilience4j counts it in the state of the moment.
package struct CircuitBreaker: Sendable {
    /// The raw values are resilience4j's label values of `resilience4j_circuitbreaker_state`.
    package enum State: String, Hashable, Sendable, CaseIterable {
        case closed
        case open
        case halfOpen = "half_open"
        case forcedOpen = "forced_open"
        case disabled
        case metricsOnly = "metrics_only"
    }

    /// The right to make one call. Give it back exactly once: `record` when the call has a result, `release` when it has
    /// none (the client went away, the call was never sent, the failure says nothing about the peer).
    ///
    /// It is a plain copyable value, because async code keeps it in structs and collections, where a `~Copyable` one
    /// cannot go. What a misuse costs: lost while HALF_OPEN, it is taken back after `halfOpenPermitTimeout`; lost in
    /// another state, nothing; returned twice while HALF_OPEN, the second is counted as late; returned twice while CLOSED,
    /// the call counts twice.
    package struct Permit: Hashable, Sendable {
        let generation: UInt64
        let place: Int32
        let serial: UInt32
    }

    /// The answer to `tryAcquire`: no permit means refused.
    package struct Acquisition: Hashable, Sendable {
        package let permit: Permit?
        /// Set when asking has changed the state (OPEN to HALF_OPEN, or a trial that timed out).
        package let transition: CircuitBreakerTransition?

        package var isPermitted: Bool { permit != nil }
    }

    package internal(set) var policy: CircuitBreakerPolicy
    package internal(set) var state = State.closed
    /// When the present state began.
    package internal(set) var since: MonotonicInstant
    /// Calls refused since the breaker was made.
    package internal(set) var notPermitted: UInt64 = 0
    /// Results and releases of an older generation, or of a permit that was already returned or taken back.
    package internal(set) var lateResults: UInt64 = 0
    /// Trial permits taken back because nobody returned them.
    package internal(set) var reclaimedPermits: UInt64 = 0

    var generation: UInt64 = 1
    var window: CallWindow
    var trial: TrialPermits
    var trialTally = CallTally()
    var minimumCalls: Int
    /// What opened the breaker, shown while it is OPEN, and the minimum of calls that applied to it.
    var openedBy = CallTally()
    var openedByMinimum = 1

    package init(_ policy: CircuitBreakerPolicy, now: MonotonicInstant) {
        let policy = policy.clamped
        self.policy = policy
        since = now
        window = CallWindow(type: policy.slidingWindowType, size: policy.slidingWindowSize, now: now)
        trial = TrialPermits(size: policy.permittedNumberOfCallsInHalfOpenState)
        minimumCalls = policy.effectiveMinimumNumberOfCalls
    }

    /// Asks to make a call.
    package mutating func tryAcquire(now: MonotonicInstant) -> Acquisition {
        switch state {
        case .closed, .disabled, .metricsOnly:
            return Acquisition(permit: Permit(generation: generation, place: -1, serial: 0), transition: nil)
        case .open:
            guard let transition = leaveOpenIfDue(now: now) else { return refuse(nil) }
            return acquireTrial(now: now, transition)
        case .halfOpen:
            if let transition = endTrialIfOverdue(now: now) { return refuse(transition) }
            return acquireTrial(now: now, nil)
        case .forcedOpen:
            return refuse(nil)
        }
    }

    /// The call of `permit` ended after `duration`. Returns the transition that its result caused.
    @discardableResult
    package mutating func record(
        _ permit: Permit, _ outcome: CallOutcome, duration: Duration, now: MonotonicInstant
    ) -> CircuitBreakerTransition? {
        guard permit.generation == generation else {
            lateResults &+= 1
            return nil
        }
        let kind: UInt8 =
            (outcome == .failure ? 1 : 0) | (duration > policy.slowCallDurationThreshold ? 2 : 0)
        switch state {
        case .closed:
            window.record(kind, now: now)
            guard let reason = window.tally.breach(policy, minimum: minimumCalls) else { return nil }
            return enter(.open, reason, now: now)
        case .metricsOnly:
            window.record(kind, now: now)
        case .halfOpen:
            return recordTrial(permit, kind, now: now)
        case .open, .forcedOpen, .disabled:
            break
        }
        return nil
    }

    /// The call of `permit` has no result: nothing is counted, and a trial call's place is free for another.
    package mutating func release(_ permit: Permit, now: MonotonicInstant) {
        guard permit.generation == generation else {
            lateResults &+= 1
            return
        }
        guard state == .halfOpen else { return }
        if !trial.end(place: permit.place, serial: permit.serial, reusable: true) { lateResults &+= 1 }
    }

    private mutating func recordTrial(
        _ permit: Permit, _ kind: UInt8, now: MonotonicInstant
    ) -> CircuitBreakerTransition? {
        guard trial.end(place: permit.place, serial: permit.serial, reusable: false) else {
            lateResults &+= 1
            return nil
        }
        trialTally.add(kind)
        guard trialTally.calls == trial.size else { return nil }
        if let reason = trialTally.breach(policy, minimum: trial.size) { return enter(.open, reason, now: now) }
        return enter(.closed, .trialPassed, now: now)
    }

    private mutating func acquireTrial(
        now: MonotonicInstant, _ transition: CircuitBreakerTransition?
    ) -> Acquisition {
        if trial.outstanding > 0 { reclaimPermits(now: now) }
        guard let taken = trial.take(now: now) else { return refuse(transition) }
        let permit = Permit(generation: generation, place: taken.place, serial: taken.serial)
        return Acquisition(permit: permit, transition: transition)
    }

    private mutating func refuse(_ transition: CircuitBreakerTransition?) -> Acquisition {
        notPermitted &+= 1
        return Acquisition(permit: nil, transition: transition)
    }
}
