package import Base

/// A limit on retries that many calls share, so that retries never multiply an overload. Two kinds:
///
/// - `tokenBucket` (Finagle's and gRPC's way): every request deposits `ratio` tokens, every second deposits
///   `minimumPerSecond`, a retry costs one. In any stretch of `t` seconds there are at most
///   `capacity + ratio · requests + minimumPerSecond · t` retries.
/// - `activeRequests` (Envoy's way): at most `percent` of the requests in flight may be retries at a time, but always
///   `floor`.
///
/// The protocol for the caller is the same: `requestStarted` and `requestEnded` around each call, `tryRetry` before each
/// retry (`RetryState` does it), `retryEnded` when that retry has its outcome. Integer arithmetic, O(1), no allocation.
package struct RetryBudget: Sendable {
    package enum Kind: Hashable, Sendable {
        /// `ratio` 0…1 000, `minimumPerSecond` 0…1 000 000, `capacity` 1…1 000 000 tokens; the initialiser clamps.
        case tokenBucket(ratio: Double, minimumPerSecond: Int, capacity: Int)
        /// `percent` 0…100 of the requests in flight, `floor` at least 0; the initialiser clamps.
        case activeRequests(percent: Double, floor: Int)

        /// Finagle's figures: one retry for five requests, and ten a second however few requests there are.
        package static let finagle = Kind.tokenBucket(ratio: 0.2, minimumPerSecond: 10, capacity: 100)
        /// Envoy's figures: 20 % of the active requests, at least 3.
        package static let envoy = Kind.activeRequests(percent: 20, floor: 3)
    }

    /// Calls in flight, retries not counted apart.
    package private(set) var activeRequests = 0
    package private(set) var activeRetries = 0
    /// Retries that were refused, since the start.
    package private(set) var refused: UInt64 = 0
    private var rule: Rule

    private enum Rule {
        case bucket(TokenBucket)
        /// Percent in units of 1/1000, so that the comparison is exact.
        case concurrency(millipercent: Int, floor: Int)
    }

    package init(_ kind: Kind, now: MonotonicInstant) {
        switch kind {
        case .tokenBucket(let ratio, let minimumPerSecond, let capacity):
            rule = .bucket(
                TokenBucket(ratio: ratio, minimumPerSecond: minimumPerSecond, capacity: capacity, now: now))
        case .activeRequests(let percent, let floor):
            let bounded = percent.isNaN ? 0 : min(max(percent, 0), 100)
            rule = .concurrency(millipercent: Int(bounded * 1000), floor: max(0, floor))
        }
    }

    package mutating func requestStarted(now: MonotonicInstant) {
        activeRequests += 1
        if case .bucket(var bucket) = rule {
            bucket.depositForRequest(now: now)
            rule = .bucket(bucket)
        }
    }

    package mutating func requestEnded() {
        activeRequests = max(0, activeRequests - 1)
    }

    /// Takes one retry from the budget; false when it is spent, which is counted.
    package mutating func tryRetry(now: MonotonicInstant) -> Bool {
        let granted: Bool
        switch rule {
        case .bucket(var bucket):
            granted = bucket.withdraw(now: now)
            rule = .bucket(bucket)
        case .concurrency(let millipercent, let floor):
            granted = activeRetries < max(floor, activeRequests * millipercent / 100_000)
        }
        if granted { activeRetries += 1 } else { refused += 1 }
        return granted
    }

    /// A granted retry has its outcome, or was never sent.
    package mutating func retryEnded() {
        activeRetries = max(0, activeRetries - 1)
    }
}

/// Tokens in billionths, so that `minimumPerSecond` tokens a second are that many units a nanosecond: exact, no drift.
private struct TokenBucket: Sendable {
    private static let token: Int64 = 1_000_000_000

    private let depositPerRequest: Int64
    private let depositPerNanosecond: Int64
    private let capacity: Int64
    private var balance: Int64
    private var filledAt: MonotonicInstant

    /// Begins with one second's minimum, so that a fresh start may retry at once.
    init(ratio: Double, minimumPerSecond: Int, capacity: Int, now: MonotonicInstant) {
        let bounded = ratio.isNaN ? 0 : min(max(ratio, 0), 1000)
        depositPerRequest = Int64(bounded * Double(TokenBucket.token))
        depositPerNanosecond = Int64(min(max(minimumPerSecond, 0), 1_000_000))
        self.capacity = Int64(min(max(capacity, 1), 1_000_000)) * TokenBucket.token
        balance = min(self.capacity, depositPerNanosecond * TokenBucket.token)
        filledAt = now
    }

    mutating func depositForRequest(now: MonotonicInstant) {
        fill(now: now)
        balance = min(capacity, balance + depositPerRequest)
    }

    mutating func withdraw(now: MonotonicInstant) -> Bool {
        fill(now: now)
        guard balance >= TokenBucket.token else { return false }
        balance -= TokenBucket.token
        return true
    }

    private mutating func fill(now: MonotonicInstant) {
        let elapsed = now.nanoseconds.subtractingClamped(filledAt.nanoseconds)
        guard elapsed > 0 else { return }
        filledAt = now
        let (earned, overflow) = elapsed.multipliedReportingOverflow(by: depositPerNanosecond)
        balance = overflow ? capacity : min(capacity, balance.addingClamped(earned))
    }
}
