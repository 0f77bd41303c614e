import Base
import Resilience
import TestKit
import Testing

@Suite struct RetryPolicyTests {
    @Test(arguments: [
        (1, 100), (2, 200), (3, 400), (7, 6400), (8, 10_000), (64, 10_000), (1024, 10_000), (Int.max, 10_000),
        (0, 100), (-5, 100),
    ])
    func theCeilingGrowsToTheCapAndNeverOverflows(retry: Int, milliseconds: Int) {
        let policy = RetryPolicy(initialBackoff: .milliseconds(100), maxBackoff: .seconds(10))
        #expect(policy.backoffCeiling(retry: retry) == .milliseconds(milliseconds))
    }

    @Test(arguments: [Double.nan, -3, 0, 1, 1e300, .infinity])
    func oddMultipliersStayInBounds(multiplier: Double) {
        let policy = RetryPolicy(
            initialBackoff: .seconds(1), maxBackoff: .seconds(1 << 60), multiplier: multiplier, jitter: .none)
        var generator = SeededGenerator(seed: 1)
        for retry in [1, 2, 1000, Int.max] {
            let wait = policy.backoff(retry: retry, previous: .seconds(1 << 60), using: &generator)
            #expect(wait >= .seconds(1) && wait <= .nanoseconds(Int64.max))
        }
    }

    @Test func aCapBelowTheFirstBackoffWins() {
        var generator = SeededGenerator(seed: 3)
        for jitter in RetryPolicy.Jitter.allCases {
            let policy = RetryPolicy(initialBackoff: .seconds(9), maxBackoff: .seconds(2), jitter: jitter)
            for retry in 1...50 {
                #expect(policy.backoff(retry: retry, previous: .seconds(9), using: &generator) <= .seconds(2))
            }
        }
    }

    @Test func fullJitterIsUniform() {
        let counts = histogram(jitter: .full, of: 8, range: 0.0..<1.0)
        // Chi-square with 7 degrees of freedom exceeds 24.3 once in a thousand; the seed is fixed.
        #expect(chiSquare(counts) < 24.3, "\(counts)")
    }

    @Test func equalJitterIsUniformInTheUpperHalf() {
        let counts = histogram(jitter: .equal, of: 8, range: 0.5..<1.0)
        #expect(chiSquare(counts) < 24.3, "\(counts)")
    }

    @Test func noJitterIsTheCeiling() {
        var generator = SeededGenerator(seed: 5)
        let policy = RetryPolicy(initialBackoff: .seconds(1), maxBackoff: .seconds(60), jitter: .none)
        #expect(policy.backoff(retry: 4, previous: .zero, using: &generator) == .seconds(8))
    }

    @Test func decorrelatedJitterStaysBetweenTheFirstAndThreeTimesThePrevious() {
        var generator = SeededGenerator(seed: 7)
        let policy = RetryPolicy(initialBackoff: .seconds(1), maxBackoff: .seconds(20), jitter: .decorrelated)
        var previous = Duration.seconds(1)
        var capped = 0
        for _ in 0..<20_000 {
            let wait = policy.backoff(retry: 1, previous: previous, using: &generator)
            #expect(wait >= .seconds(1) && wait <= min(.seconds(20), previous * 3))
            if wait == .seconds(20) { capped += 1 }
            previous = wait
        }
        #expect(capped > 1000 && capped < 19_000)
    }

    /// Waits of retry 3, whose ceiling is 4 s, counted in `count` bins over `range` of the ceiling.
    private func histogram(jitter: RetryPolicy.Jitter, of count: Int, range: Range<Double>) -> [Int] {
        let policy = RetryPolicy(initialBackoff: .seconds(1), maxBackoff: .seconds(60), jitter: jitter)
        var generator = SeededGenerator(seed: 11)
        var bins = [Int](repeating: 0, count: count)
        for _ in 0..<40_000 {
            let share = policy.backoff(retry: 3, previous: .zero, using: &generator).inSeconds / 4
            let place = (share - range.lowerBound) / (range.upperBound - range.lowerBound)
            guard place >= 0, place <= 1 else {
                Issue.record("\(share) of the ceiling is outside \(range)")
                continue
            }
            bins[min(count - 1, Int(place * Double(count)))] += 1
        }
        return bins
    }

    private func chiSquare(_ counts: [Int]) -> Double {
        let expected = Double(counts.reduce(0, +)) / Double(counts.count)
        return counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    }
}

@Suite struct RetryStateTests {
    private let start = MonotonicInstant(nanoseconds: 5_000_000_000)
    private let fixed = RetryPolicy(maxAttempts: 3, initialBackoff: .seconds(1), jitter: .none)

    @Test func givesUpAfterTheLastAttempt() {
        var state = RetryState(policy: fixed, startedAt: start)
        #expect(state.afterFailure(now: start) == .retry(after: .seconds(1)))
        #expect(state.afterFailure(now: start) == .retry(after: .seconds(2)))
        #expect(state.afterFailure(now: start) == .giveUp(.attemptsExhausted))
        #expect(state.failedAttempts == 3)
    }

    @Test(arguments: [Int.min, 0, 1])
    func onePolicyNeverRetries(attempts: Int) {
        var state = RetryState(policy: RetryPolicy(maxAttempts: attempts), startedAt: start)
        #expect(state.afterFailure(now: start) == .giveUp(.attemptsExhausted))
    }

    @Test(arguments: [
        (0, 1), (-9, 1), (1, 1), (7, 7), (10, 10), (11, 10), (1 << 40, 10),
    ])
    func retryAfterIsHonouredAndBounded(asked: Int, waits: Int) {
        var policy = fixed
        policy.maxRetryAfter = .seconds(10)
        var state = RetryState(policy: policy, startedAt: start)
        let decision = state.afterFailure(now: start, retryAfter: .seconds(asked))
        #expect(decision == .retry(after: .seconds(waits)))
    }

    @Test func noRetryStartsAfterMaxElapsedNorTheDeadline() {
        var policy = fixed
        policy.maxElapsed = .seconds(4)
        var state = RetryState(policy: policy, startedAt: start)
        let later = start.advanced(by: .seconds(3))
        #expect(state.afterFailure(now: later) == .retry(after: .seconds(1)))
        #expect(state.afterFailure(now: later) == .giveUp(.timeExhausted))
        var other = RetryState(policy: fixed, startedAt: start)
        let deadline = Deadline(after: .seconds(1), from: start)
        #expect(other.afterFailure(now: start, deadline: deadline) == .giveUp(.timeExhausted))
    }

    @Test func theBudgetIsAskedLast() {
        var budget: RetryBudget? = RetryBudget(.activeRequests(percent: 0, floor: 1), now: start)
        var generator = SeededGenerator(seed: 1)
        var hopeless = RetryState(policy: .never, startedAt: start)
        let first = hopeless.afterFailure(now: start, budget: &budget, using: &generator)
        #expect(first == .giveUp(.attemptsExhausted) && budget?.activeRetries == 0)
        var one = RetryState(policy: fixed, startedAt: start)
        var two = one
        #expect(one.afterFailure(now: start, budget: &budget, using: &generator) == .retry(after: .seconds(1)))
        #expect(two.afterFailure(now: start, budget: &budget, using: &generator) == .giveUp(.budgetExhausted))
        #expect(budget?.refused == 1)
    }
}

@Suite struct RetryBudgetTests {
    private let start = MonotonicInstant(nanoseconds: 0)

    @Test(arguments: [(0, 3), (10, 3), (15, 3), (16, 3), (20, 4), (100, 20), (1000, 200)])
    func envoysBudgetIsAShareOfTheActiveRequestsWithAFloor(active: Int, retries: Int) {
        var budget = RetryBudget(.envoy, now: start)
        for _ in 0..<active { budget.requestStarted(now: start) }
        var granted = 0
        while budget.tryRetry(now: start) { granted += 1 }
        #expect(granted == retries)
        if granted > 0 {
            budget.retryEnded()
            #expect(budget.tryRetry(now: start) == true)
        }
    }

    @Test(arguments: 0..<200)
    func theTokenBucketNeverGrantsMoreThanItsBound(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let perSecond = Int.random(in: 0...20, using: &generator)
        let capacity = Int.random(in: 1...50, using: &generator)
        var budget = RetryBudget(
            .tokenBucket(ratio: 0.25, minimumPerSecond: perSecond, capacity: capacity), now: start)
        var now = start
        var requests = 0
        var granted = 0
        for _ in 0..<2000 {
            now = now.advanced(by: .milliseconds(Int.random(in: 0...30, using: &generator)))
            if Bool.random(using: &generator) {
                budget.requestStarted(now: now)
                requests += 1
            } else if budget.tryRetry(now: now) {
                granted += 1
            }
            let seconds = start.duration(to: now).inSeconds
            let bound = Double(capacity) + 0.25 * Double(requests) + Double(perSecond) * seconds
            #expect(Double(granted) <= bound, "seed \(seed)")
        }
    }

    @Test func aFloodOfRequestsFillsTheBucketToItsCapacityAndNoFurther() {
        var budget = RetryBudget(.tokenBucket(ratio: 1, minimumPerSecond: 0, capacity: 7), now: start)
        for _ in 0..<100 { budget.requestStarted(now: start) }
        var granted = 0
        while budget.tryRetry(now: start) { granted += 1 }
        #expect(granted == 7 && budget.refused == 1)
    }

    @Test func anIdleBucketRefillsByItsMinimumToTheLastNanosecond() {
        var budget = RetryBudget(.tokenBucket(ratio: 0, minimumPerSecond: 10, capacity: 100), now: start)
        for _ in 0..<10 { #expect(budget.tryRetry(now: start) == true) }
        #expect(budget.tryRetry(now: start.advanced(by: .nanoseconds(99_999_999))) == false)
        #expect(budget.tryRetry(now: start.advanced(by: .nanoseconds(100_000_000))) == true)
        let year = start.advanced(by: .seconds(31_536_000))
        var granted = 0
        while budget.tryRetry(now: year) { granted += 1 }
        #expect(granted == 100)
    }
}

@Suite struct RetryAfterTests {
    /// 1994-11-06T08:49:37Z, the example of RFC 9110.
    private static let example: Int64 = 784_111_777

    @Test(arguments: [
        ("0", 0), ("120", 120), (" 7\t", 7), ("007", 7), ("99999999999999999999999", 2_147_483_647),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sunday, 06-Nov-94 08:49:37 GMT", 37),
        ("Sun Nov  6 08:49:37 1994", 37), ("Sun, 06 Nov 1994 08:49:60 GMT", 60),
        ("Sat, 05 Nov 1994 08:49:37 GMT", 0), ("Thu, 29 Feb 1996 00:00:00 GMT", 41_440_260),
    ])
    func readsSecondsAndDates(field: String, seconds: Int) {
        let now = WallInstant(secondsSince1970: RetryAfterTests.example - 37)
        #expect(RetryAfter.parse(field, wallNow: now) == .seconds(seconds), "\(field)")
    }

    @Test(arguments: [
        "", "  ", "-1", "+1", "1.5", "1 2", "12s", "soon", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Xxx, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Thu, 29 Feb 1995 00:00:00 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ,", "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun,06 Nov 1994 08:49:37 GMT", "٣",
    ])
    func refusesTheRest(field: String) {
        #expect(RetryAfter.parse(field, wallNow: WallInstant(secondsSince1970: 0)) == nil, "\(field)")
    }

    @Test func datesAgreeWithTheCalendarForFourCenturies() {
        for day in stride(from: Int64(0), to: 146_097, by: 13) {
            let date = CivilDate(daysSince1970: day)
            let month = [
                "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
            ][Int(date.month) - 1]
            let text = "Mon, \(date.day < 10 ? "0" : "")\(date.day) \(month) \(date.year) 00:00:00 GMT"
            let wait = RetryAfter.parse(text, wallNow: WallInstant(secondsSince1970: 0))
            guard date.year < 2262 else { continue }
            #expect(wait == .seconds(day * 86_400), "\(text)")
        }
    }
}
