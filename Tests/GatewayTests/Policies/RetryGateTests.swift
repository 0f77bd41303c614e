import Base
import Gateway
import Resilience
import TestKit
import Testing

private let start = MonotonicInstant(nanoseconds: 1_000_000_000)
private let anyGet = RetryGate.Request(isIdempotent: true, isReplayable: true)
private let anyPost = RetryGate.Request(isIdempotent: false, isReplayable: true)

private func policy(_ words: String, retries: Int = 3) -> RetryGatePolicy {
    var policy = RetryGatePolicy()
    policy.on = RetryConditions(words.split(separator: " ").compactMap { RetryConditions(word: String($0)) })
    policy.maximumRetries = retries
    policy.statuses = [418, 404]
    return policy
}

private func decide(
    _ failure: FailureKind, _ policy: RetryGatePolicy, _ request: RetryGate.Request = anyGet,
    retryAfter: Duration? = nil, deadline: Deadline = .never
) -> RetryGate.Decision {
    var gate = RetryGate()
    var budget: RetryBudget?
    var generator = SeededGenerator(seed: 1)
    return gate.decide(
        failure, policy, request, retryAfter: retryAfter, deadline: deadline, budget: &budget, now: start,
        using: &generator)
}

extension RetryGate.Decision {
    fileprivate var isRetry: Bool {
        if case .retry = self { return true }
        return false
    }
}

@Suite struct RetryGateTests {
    /// Each condition with the failures that it covers.
    @Test(
        arguments: [
            (
                "5xx",
                [
                    .status(500), .status(502), .status(503), .status(504), .status(599), .connectFailure,
                    .connectTimeout,
                    .reset, .resetBeforeRequest, .refusedStream, .timeout, .perTryTimeout,
                ]
            ),
            (
                "gateway-error",
                [
                    .status(502), .status(503), .status(504), .connectFailure, .connectTimeout, .reset,
                    .resetBeforeRequest,
                    .refusedStream, .timeout, .perTryTimeout,
                ]
            ),
            ("connect-failure", [.connectFailure, .connectTimeout]),
            (
                "reset",
                [
                    .connectFailure, .connectTimeout, .reset, .resetBeforeRequest, .refusedStream, .timeout,
                    .perTryTimeout,
                ]
            ),
            ("reset-before-request", [.resetBeforeRequest]), ("refused-stream", [.refusedStream]),
            ("retriable-4xx", [.status(409)]), ("retriable-status-codes", [.status(418), .status(404)]),
            ("timeout", [.timeout, .perTryTimeout]), ("per-try-timeout", [.perTryTimeout]), ("", []),
            ("timeout retriable-4xx", [.timeout, .perTryTimeout, .status(409)]),
        ] as [(String, [FailureKind])])
    func conditions(words: String, covered: [FailureKind]) {
        let all: [FailureKind] = [
            .status(200), .status(404), .status(409), .status(418), .status(429), .status(500), .status(502),
            .status(503), .status(504), .status(599), .status(600), .connectFailure, .connectTimeout, .reset,
            .resetBeforeRequest, .refusedStream, .timeout, .perTryTimeout,
        ]
        for failure in all {
            let decision = decide(failure, policy(words))
            #expect(decision.isRetry == covered.contains(failure), "\(words): \(failure)")
            if !decision.isRetry { #expect(decision == .giveUp(.notRetriable)) }
        }
    }

    @Test func everyWordIsRead() {
        for (word, condition) in RetryConditions.words { #expect(RetryConditions(word: word) == condition) }
        #expect(RetryConditions(word: "4xx") == nil)
        #expect(Set(RetryConditions.words.map(\.condition.rawValue)).count == RetryConditions.words.count)
    }

    /// A POST is repeated only where the upstream cannot have acted on it, or where the route says so.
    @Test(
        arguments: [
            (.status(503), false), (.reset, false), (.timeout, false), (.perTryTimeout, false),
            (.staleConnection, false),
            (.connectFailure, true), (.connectTimeout, true), (.refusedStream, true), (.resetBeforeRequest, true),
        ] as [(FailureKind, Bool)])
    func whatIsNotIdempotent(failure: FailureKind, isRetried: Bool) {
        #expect(decide(failure, policy("5xx"), anyPost) == .giveUp(.notIdempotent) || isRetried)
        #expect(decide(failure, policy("5xx"), anyPost).isRetry == isRetried)
        var told = policy("5xx")
        told.allowsNonIdempotent = true
        #expect(decide(failure, told, anyPost).isRetry)
    }

    @Test func aBodyThatIsGoneOrAnAnswerThatHasBegunEndsIt() {
        var request = anyGet
        request.isReplayable = false
        #expect(decide(.connectFailure, policy("5xx"), request) == .giveUp(.bodyNotReplayable))
        #expect(decide(.staleConnection, policy("5xx"), request) == .giveUp(.bodyNotReplayable))
        request.hasResponseStarted = true
        #expect(decide(.reset, policy("5xx"), request) == .giveUp(.responseStarted))
    }

    @Test func attemptsAreCounted() {
        var gate = RetryGate()
        var budget: RetryBudget?
        var generator = SeededGenerator(seed: 1)
        for retry in 0..<5 {
            let decision = gate.decide(
                .status(500), policy("5xx", retries: 2), anyGet, budget: &budget, now: start, using: &generator)
            #expect(decision.isRetry == (retry < 2))
        }
        #expect(gate.retries == 2)
    }

    /// The first stale connection of a request is repeated at once, without conditions, attempts or budget.
    @Test func aStaleConnectionIsRepeatedOnce() {
        var gate = RetryGate()
        var budget: RetryBudget? = RetryBudget(.activeRequests(percent: 0, floor: 0), now: start)
        var generator = SeededGenerator(seed: 1)
        let none = RetryGatePolicy()
        #expect(
            gate.decide(.staleConnection, none, anyGet, budget: &budget, now: start, using: &generator)
                == .retry(after: .zero))
        #expect(
            gate.decide(.staleConnection, none, anyGet, budget: &budget, now: start, using: &generator)
                == .giveUp(.notRetriable))
        #expect(gate.retries == 0)
        #expect(gate.tryEnded() == false)
    }

    /// (retry, ceiling in ms): (2^n − 1) · 25 ms, at most 250 ms
    @Test(arguments: [(1, 25), (2, 75), (3, 175), (4, 250), (5, 250), (61, 250), (62, 250), (Int.max, 250), (0, 25)])
    func theCeilingOfTheBackoff(retry: Int, milliseconds: Int) {
        #expect(RetryGatePolicy().backoffCeiling(retry: retry) == .milliseconds(milliseconds))
    }

    @Test func theBackoffIsUniform() {
        var generator = SeededGenerator(seed: 5)
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<10_000 {
            var gate = RetryGate()
            var budget: RetryBudget?
            let decision = gate.decide(
                .status(500), policy("5xx"), anyGet, budget: &budget, now: start, using: &generator)
            guard case .retry(let wait) = decision, wait >= .zero, wait <= .milliseconds(25) else {
                Issue.record("\(decision)")
                return
            }
            counts[min(9, Int(wait / .milliseconds(25) * 10))] += 1
        }
        // Chi-square with 9 degrees of freedom exceeds 27.9 once in a thousand; the seed is fixed.
        let chiSquare = counts.reduce(0.0) { $0 + (Double($1) - 1000) * (Double($1) - 1000) / 1000 }
        #expect(chiSquare < 27.9, "\(counts)")
    }

    /// (honoured, asked ms) → the least wait in ms, nil: gives up
    @Test(
        arguments: [
            (false, 3000, 0), (true, 3000, 3000), (true, 10_000, 10_000), (true, 10_001, nil), (false, 99_000, 0),
        ] as [(Bool, Int, Int?)])
    func retryAfter(isHonoured: Bool, asked: Int, least: Int?) {
        var policy = policy("5xx")
        policy.honoursRetryAfter = isHonoured
        let decision = decide(.status(503), policy, retryAfter: .milliseconds(asked))
        guard let least else {
            #expect(decision == .giveUp(.retryAfterTooLong))
            return
        }
        guard case .retry(let wait) = decision else {
            Issue.record("\(decision)")
            return
        }
        #expect(wait >= .milliseconds(least) && wait <= .milliseconds(least + 25))
    }

    @Test func theDeadlineIncludesTheWait() {
        var policy = policy("5xx")
        policy.honoursRetryAfter = true
        let deadline = Deadline(after: .seconds(2), from: start)
        #expect(
            decide(.status(503), policy, retryAfter: .seconds(2), deadline: deadline) == .giveUp(.timeExhausted))
        #expect(decide(.status(503), policy, retryAfter: .seconds(1), deadline: deadline).isRetry)
        #expect(decide(.staleConnection, policy, deadline: Deadline(start)) == .giveUp(.timeExhausted))
    }

    /// Envoy's budget: 20 % of the active requests, at least 3.
    @Test(arguments: [(1, 3), (15, 3), (19, 3), (20, 4), (100, 20)])
    func theBudgetIsEnvoys(active: Int, retries: Int) {
        var budget: RetryBudget? = RetryBudget(.envoy, now: start)
        for _ in 0..<active { budget?.requestStarted(now: start) }
        var generator = SeededGenerator(seed: 1)
        let granted = (0..<active).count { _ in
            var gate = RetryGate()
            return gate.decide(
                .status(500), policy("5xx"), anyGet, budget: &budget, now: start, using: &generator
            ).isRetry
        }
        #expect(granted == min(retries, active))
    }

    /// Random requests with random ends: when all are over, the budget has every permit back.
    @Test func noPermitLeaks() {
        for seed in UInt64(0)..<200 {
            var generator = SeededGenerator(seed: seed)
            var budget: RetryBudget? = RetryBudget(.activeRequests(percent: 50, floor: 2), now: start)
            var gates: [RetryGate] = []
            for step in 0..<300 {
                if Bool.random(using: &generator) || gates.isEmpty {
                    budget?.requestStarted(now: start)
                    gates.append(RetryGate())
                    continue
                }
                let index = Int.random(in: 0..<gates.count, using: &generator)
                let failures: [FailureKind] = [.status(500), .staleConnection, .status(404), .reset]
                let ends = Int.random(in: 0..<3, using: &generator) == 0
                if !ends, let failure = failures.randomElement(using: &generator) {
                    let decision = gates[index].decide(
                        failure, policy("5xx"), anyGet, budget: &budget, now: start, using: &generator)
                    if decision.isRetry { continue }
                }
                if gates[index].tryEnded() { budget?.retryEnded() }
                budget?.requestEnded()
                gates.remove(at: index)
                let (retries, active) = (budget?.activeRetries ?? 0, budget?.activeRequests ?? 0)
                verify(retries <= active && active == gates.count, "seed \(seed), step \(step)")
            }
            for index in gates.indices {
                if gates[index].tryEnded() { budget?.retryEnded() }
                budget?.requestEnded()
            }
            verify(budget?.activeRetries == 0 && budget?.activeRequests == 0, "seed \(seed)")
        }
    }
}

@Suite struct StatusSetTests {
    @Test func holdsExactlyWhatWasPutIn() {
        let put = [100, 163, 164, 227, 418, 503, 599]
        let set = StatusSet(put + [99, 600, -1, 1 << 40])
        #expect((0...1000).filter { set.contains($0) } == put)
    }
}
