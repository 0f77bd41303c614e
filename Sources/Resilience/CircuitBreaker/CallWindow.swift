import Base

/// The sliding window of a breaker, of either type. All storage is allocated once; every call is O(1), except that the
/// time window, after `n` quiet seconds, clears `min(n, size)` buckets: at most one per elapsed second.
///
/// Both rings live side by side (one is empty) instead of in the payload of an enum, because taking an array out of a
/// payload to change it would copy the ring on each call.
struct CallWindow: Sendable {
    private(set) var tally = CallTally()
    private let type: CircuitBreakerPolicy.SlidingWindowType
    /// Count window: kinds of the last calls, one byte each; `next` is the oldest once the ring is full.
    private var kinds: [UInt8]
    /// Time window: one tally per second; `next` is the current second's place.
    private var buckets: [Bucket]
    private var next = 0
    private var currentSecond: Int64

    /// 16 bytes of counts: a second holds at most `UInt32.max` calls.
    private struct Bucket: Sendable {
        var calls: UInt32 = 0
        var failed: UInt32 = 0
        var slow: UInt32 = 0
        var slowFailed: UInt32 = 0
    }

    init(type: CircuitBreakerPolicy.SlidingWindowType, size: Int, now: MonotonicInstant) {
        self.type = type
        kinds = type == .countBased ? [UInt8](repeating: 0, count: size) : []
        buckets = type == .timeBased ? [Bucket](repeating: Bucket(), count: size) : []
        currentSecond = CallWindow.second(of: now)
    }

    @inline(__always)
    mutating func record(_ kind: UInt8, now: MonotonicInstant) {
        if type == .countBased {
            if tally.calls == kinds.count { tally.remove(kinds[next]) }
            kinds[next] = kind
            next = next + 1 == kinds.count ? 0 : next + 1
        } else {
            advance(to: now)
            buckets[next].calls += 1
            buckets[next].failed += UInt32(kind & 1)
            buckets[next].slow += UInt32(kind >> 1 & 1)
            buckets[next].slowFailed += UInt32(kind & kind >> 1 & 1)
        }
        tally.add(kind)
    }

    /// Drops what has left a time window. A `now` older than the newest one counts as the newest second.
    mutating func advance(to now: MonotonicInstant) {
        guard type == .timeBased else { return }
        let second = CallWindow.second(of: now)
        guard second > currentSecond else { return }
        let steps = min(second.subtractingClamped(currentSecond), Int64(buckets.count))
        currentSecond = second
        for _ in 0..<steps {
            next = next + 1 == buckets.count ? 0 : next + 1
            let old = buckets[next]
            guard old.calls > 0 else { continue }
            tally.calls -= Int(old.calls)
            tally.failed -= Int(old.failed)
            tally.slow -= Int(old.slow)
            tally.slowFailed -= Int(old.slowFailed)
            buckets[next] = Bucket()
        }
    }

    /// Forgets every call and keeps the storage.
    mutating func removeAll(now: MonotonicInstant) {
        tally = CallTally()
        next = 0
        currentSecond = CallWindow.second(of: now)
        for index in buckets.indices { buckets[index] = Bucket() }
    }

    /// The same history in a window of another size: the newest calls, or seconds, that fit.
    func resized(to size: Int, now: MonotonicInstant) -> CallWindow {
        var other = CallWindow(type: type, size: size, now: now)
        if type == .countBased {
            let kept = min(size, tally.calls)
            for back in stride(from: kept, to: 0, by: -1) {
                other.record(kinds[(next - back + kinds.count) % kinds.count], now: now)
            }
            return other
        }
        let ageOfNewest = max(0, other.currentSecond.subtractingClamped(currentSecond))
        for back in 0..<buckets.count {
            let age = ageOfNewest.addingClamped(Int64(back))
            guard age < Int64(size) else { break }
            let bucket = buckets[(next - back + buckets.count) % buckets.count]
            other.buckets[(other.next - Int(age) + size) % size] = bucket
            other.tally.calls += Int(bucket.calls)
            other.tally.failed += Int(bucket.failed)
            other.tally.slow += Int(bucket.slow)
            other.tally.slowFailed += Int(bucket.slowFailed)
        }
        return other
    }

    private static func second(of now: MonotonicInstant) -> Int64 {
        let quotient = now.nanoseconds / 1_000_000_000
        return now.nanoseconds < quotient * 1_000_000_000 ? quotient - 1 : quotient
    }
}
