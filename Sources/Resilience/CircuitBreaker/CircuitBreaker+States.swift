package import Base

extension CircuitBreaker {
    /// What time alone changes: OPEN to HALF_OPEN where `automaticTransitionFromOpenToHalfOpenEnabled`, a trial that
    /// exceeds `maxWaitDurationInHalfOpenState`, trial permits that nobody returned. Call it at `nextTick`; without it the
    /// same happens at the next `tryAcquire`.
    package mutating func tick(now: MonotonicInstant) -> CircuitBreakerTransition? {
        switch state {
        case .open:
            return policy.automaticTransitionFromOpenToHalfOpenEnabled ? leaveOpenIfDue(now: now) : nil
        case .halfOpen:
            if let transition = endTrialIfOverdue(now: now) { return transition }
            reclaimPermits(now: now)
            return nil
        case .closed, .forcedOpen, .disabled, .metricsOnly:
            return nil
        }
    }

    /// When `tick` next causes a transition, or nil while no amount of time does.
    package var nextTick: MonotonicInstant? {
        switch state {
        case .open where policy.automaticTransitionFromOpenToHalfOpenEnabled:
            return since.advanced(by: policy.waitDurationInOpenState)
        case .halfOpen where policy.maxWaitDurationInHalfOpenState > .zero:
            return since.advanced(by: policy.maxWaitDurationInHalfOpenState)
        default:
            return nil
        }
    }

    /// Whether it is worth asking with `tryAcquire` at `now`, for a balancer that looks for a host: changes nothing, counts
    /// nothing. False: the call would be refused. True: it is admitted, or asking makes a change that is due (a trial that
    /// is overdue, a permit to take back), so that a breaker that nobody asks unless this is true never gets stuck.
    package func mayAdmit(now: MonotonicInstant) -> Bool {
        switch state {
        case .closed, .disabled, .metricsOnly:
            return true
        case .forcedOpen:
            return false
        case .open:
            return now >= since.advanced(by: policy.waitDurationInOpenState)
        case .halfOpen:
            let limit = policy.maxWaitDurationInHalfOpenState
            if limit > .zero, now >= since.advanced(by: limit) {
                return now >= since.advanced(by: limit).advanced(by: policy.waitDurationInOpenState)
            }
            return trial.mayTake(reclaimingOlderThan: policy.halfOpenPermitTimeout, now: now)
        }
    }

    /// How long a refused caller does best to wait: what is left of the OPEN state, otherwise nil (unknown).
    package func retryAfter(now: MonotonicInstant) -> Duration? {
        guard state == .open else { return nil }
        return max(.zero, now.duration(to: since.advanced(by: policy.waitDurationInOpenState)))
    }

    /// Enters `target` whatever the figures say; `.closed` starts with an empty window and is also the reset. Nil when it
    /// is in that state already, except for `.closed` and `.halfOpen`, which begin afresh.
    package mutating func force(_ target: State, now: MonotonicInstant) -> CircuitBreakerTransition? {
        guard target != state || target == .closed || target == .halfOpen else { return nil }
        return enter(target, .forced, now: now)
    }

    /// Takes over changed settings and keeps everything that still has a meaning, so that a reload neither closes an open
    /// breaker nor forgets its window: state, generation (permits stay valid) and counters are kept; a window of another
    /// size keeps its newest part, one of another type starts empty; another number of trial calls starts the trial
    /// afresh as a new generation. Thresholds apply from the next result on.
    package mutating func reconfigure(_ changed: CircuitBreakerPolicy, now: MonotonicInstant) {
        let changed = changed.clamped
        if changed.slidingWindowType != policy.slidingWindowType {
            window = CallWindow(type: changed.slidingWindowType, size: changed.slidingWindowSize, now: now)
        } else if changed.slidingWindowSize != policy.slidingWindowSize {
            window = window.resized(to: changed.slidingWindowSize, now: now)
        }
        let trialSize = changed.permittedNumberOfCallsInHalfOpenState
        if trialSize != policy.permittedNumberOfCallsInHalfOpenState {
            trial = TrialPermits(size: trialSize)
            trialTally = CallTally()
            if state == .halfOpen { generation &+= 1 }
        }
        policy = changed
        minimumCalls = changed.effectiveMinimumNumberOfCalls
    }

    /// A breaker for a new generation of the configuration that goes on where `previous` is.
    package init(_ policy: CircuitBreakerPolicy, continuing previous: CircuitBreaker, now: MonotonicInstant) {
        self = previous
        reconfigure(policy, now: now)
    }

    mutating func leaveOpenIfDue(now: MonotonicInstant) -> CircuitBreakerTransition? {
        guard now >= since.advanced(by: policy.waitDurationInOpenState) else { return nil }
        return enter(.halfOpen, .waitElapsed, now: now)
    }

    /// The state OPEN counts from the instant when the trial was due to end, so that nobody waits longer because nobody
    /// asked in between.
    mutating func endTrialIfOverdue(now: MonotonicInstant) -> CircuitBreakerTransition? {
        guard policy.maxWaitDurationInHalfOpenState > .zero else { return nil }
        let end = since.advanced(by: policy.maxWaitDurationInHalfOpenState)
        return now >= end ? enter(.open, .trialTimedOut, now: end) : nil
    }

    mutating func reclaimPermits(now: MonotonicInstant) {
        let count = trial.reclaim(olderThan: policy.halfOpenPermitTimeout, now: now)
        reclaimedPermits &+= UInt64(count)
    }

    mutating func enter(
        _ target: State, _ reason: CircuitBreakerTransition.Reason, now: MonotonicInstant
    ) -> CircuitBreakerTransition {
        let ended = currentTally(now: now)
        let minimum = currentMinimum
        let transition = CircuitBreakerTransition(
            from: state, to: target, reason: reason, at: now, tally: ended,
            failureRate: ended.rate(of: ended.failed, minimum: minimum),
            slowCallRate: ended.rate(of: ended.slow, minimum: minimum))
        state = target
        since = now
        generation &+= 1
        switch target {
        case .closed, .metricsOnly:
            window.removeAll(now: now)
        case .halfOpen:
            trial.reset()
            trialTally = CallTally()
        case .open:
            openedBy = ended
            openedByMinimum = minimum
        case .forcedOpen, .disabled:
            break
        }
        return transition
    }

    /// The counts of the present state. OPEN keeps showing the calls that opened it; FORCED_OPEN and DISABLED count
    /// nothing.
    mutating func currentTally(now: MonotonicInstant) -> CallTally {
        switch state {
        case .closed, .metricsOnly:
            window.advance(to: now)
            return window.tally
        case .open:
            return openedBy
        case .halfOpen:
            return trialTally
        case .forcedOpen, .disabled:
            return CallTally()
        }
    }

    /// Calls that a rate of the present state needs.
    var currentMinimum: Int {
        switch state {
        case .halfOpen: trial.size
        case .open: openedByMinimum
        case .closed, .metricsOnly, .forcedOpen, .disabled: minimumCalls
        }
    }
}
