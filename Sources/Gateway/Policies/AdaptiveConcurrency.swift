package import Base

/// A limit on requests in flight that finds itself from latency: Envoy's gradient controller as a value. Behind a
/// `Mutex` of the route or the upstream; time comes in with each call, so there is no timer.
///
/// From time to time the limit drops to the minimum until `measureRequests` have ended, whose latency is taken as what
/// the upstream needs without queueing (minRTT). Between, every `updateInterval`, the limit follows
/// `limit · (minRTT + B) / sampleRTT + √limit`. Latency that grows lowers it before queues build up; the root leaves
/// room to find that more would go. Five updates at the minimum limit in a row look like a wrong minRTT: it is measured
/// anew.
///
/// A request is one addition and one comparison, an answer one count in a histogram; an update looks at its 464 counts.
package struct AdaptiveConcurrency: Sendable {
    /// The right to one request. Give it back exactly once: `complete` or `drop`.
    package struct Permit: Hashable, Sendable {
        let startedAt: MonotonicInstant
    }

    private static let updatesAtMinimumBeforeMeasuring = 5

    package let policy: AdaptiveConcurrencyPolicy
    package private(set) var limit: Int
    package private(set) var active = 0
    /// Requests refused since the start.
    package private(set) var refused: UInt64 = 0
    package private(set) var minimumRTT: Duration?
    /// Of the last window.
    package private(set) var sampleRTT: Duration?
    /// While set, the limit is held at the minimum; it is the limit to return to.
    private var limitAfterMeasuring: Int?
    private var measuringSince: MonotonicInstant
    private var nextMeasurement: MonotonicInstant
    private var nextUpdate: MonotonicInstant
    private var updatesAtMinimum = 0
    private var samples = LatencyHistogram()
    private var random: FastRandom

    /// It begins by measuring.
    package init(_ policy: AdaptiveConcurrencyPolicy, now: MonotonicInstant, seed: UInt64) {
        self.policy = policy
        limit = policy.clamp(0)
        limitAfterMeasuring = limit
        measuringSince = now
        nextMeasurement = now
        nextUpdate = now
        random = FastRandom(seed: seed)
    }

    package var isMeasuring: Bool { limitAfterMeasuring != nil }

    /// Nil refuses the request: answer 503, and count it as shed.
    package mutating func admit(now: MonotonicInstant) -> Permit? {
        advance(now: now)
        guard active < limit else {
            refused &+= 1
            return nil
        }
        active += 1
        return Permit(startedAt: now)
    }

    /// The request ended with an answer; its latency counts.
    package mutating func complete(_ permit: Permit, now: MonotonicInstant) {
        active = max(0, active - 1)
        // One that began before the limit was lowered had company: it says nothing of the minimum.
        if permit.startedAt >= measuringSince { samples.record(permit.startedAt.duration(to: now)) }
        advance(now: now)
    }

    /// The request ended without an answer of the upstream (client gone, never sent): nothing is counted.
    package mutating func drop(_ permit: Permit) {
        active = max(0, active - 1)
    }

    private mutating func advance(now: MonotonicInstant) {
        if let before = limitAfterMeasuring {
            let isEnough = samples.count >= max(1, policy.measureRequests)
            if isEnough || measuringSince.duration(to: now) >= policy.measureTimeout {
                endMeasuring(limit: before, now: now)
            }
        } else if now >= nextMeasurement {
            beginMeasuring(now: now)
        } else if now >= nextUpdate {
            update(now: now)
        }
    }

    private mutating func beginMeasuring(now: MonotonicInstant) {
        limitAfterMeasuring = limit
        limit = policy.clamp(0)
        measuringSince = now
        updatesAtMinimum = 0
        samples.removeAll()
    }

    private mutating func endMeasuring(limit before: Int, now: MonotonicInstant) {
        if let measured = samples.quantile(policy.sampleQuantile) { minimumRTT = measured }
        samples.removeAll()
        limit = before
        limitAfterMeasuring = nil
        let spread = max(0, policy.jitterPercent) / 100 * random.unit()
        nextMeasurement = now.advanced(by: .fromSeconds(policy.measureInterval.inSeconds * (1 + spread)))
        nextUpdate = now.advanced(by: policy.updateInterval)
    }

    private mutating func update(now: MonotonicInstant) {
        nextUpdate = now.advanced(by: policy.updateInterval)
        guard let minimumRTT, let sample = samples.quantile(policy.sampleQuantile) else { return }
        samples.removeAll()
        sampleRTT = sample
        let least = policy.clamp(0)
        let next = policy.nextLimit(limit, minimum: minimumRTT, sample: sample)
        updatesAtMinimum = limit == least && next == least ? updatesAtMinimum + 1 : 0
        limit = next
        if updatesAtMinimum >= AdaptiveConcurrency.updatesAtMinimumBeforeMeasuring { nextMeasurement = now }
    }
}
