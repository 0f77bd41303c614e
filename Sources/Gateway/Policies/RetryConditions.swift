/// What is worth a retry: the words of `retry: { on: […] }`, with Envoy's names and meanings.
package struct RetryConditions: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Any 500–599, and everything that is no answer at all.
    package static let serverError = RetryConditions(rawValue: 1)
    /// 502, 503, 504, and everything that is no answer at all.
    package static let gatewayError = RetryConditions(rawValue: 1 << 1)
    /// No connection, or not in time.
    package static let connectFailure = RetryConditions(rawValue: 1 << 2)
    /// No answer at all: failed connections, resets, time-outs of a try.
    package static let reset = RetryConditions(rawValue: 1 << 3)
    package static let resetBeforeRequest = RetryConditions(rawValue: 1 << 4)
    package static let refusedStream = RetryConditions(rawValue: 1 << 5)
    /// 409, the only 4xx that a repeat may mend.
    package static let retriable4xx = RetryConditions(rawValue: 1 << 6)
    /// The statuses that the policy lists.
    package static let retriableStatusCodes = RetryConditions(rawValue: 1 << 7)
    /// No first byte in time.
    package static let timeout = RetryConditions(rawValue: 1 << 8)
    package static let perTryTimeout = RetryConditions(rawValue: 1 << 9)

    /// Each with its word in the configuration.
    package static let words: [(word: String, condition: RetryConditions)] = [
        ("5xx", .serverError), ("gateway-error", .gatewayError), ("connect-failure", .connectFailure),
        ("reset", .reset), ("reset-before-request", .resetBeforeRequest), ("refused-stream", .refusedStream),
        ("retriable-4xx", .retriable4xx), ("retriable-status-codes", .retriableStatusCodes), ("timeout", .timeout),
        ("per-try-timeout", .perTryTimeout),
    ]

    package init?(word: String) {
        guard let found = RetryConditions.words.first(where: { $0.word == word }) else { return nil }
        self = found.condition
    }

    /// Whether the failure is one of these. A stale connection is not asked about here: see `RetryGate`.
    func match(_ failure: FailureKind, statuses: StatusSet) -> Bool {
        switch failure {
        case .status(let status):
            (contains(.serverError) && (500...599).contains(status))
                || (contains(.gatewayError) && (502...504).contains(status))
                || (contains(.retriable4xx) && status == 409)
                || (contains(.retriableStatusCodes) && statuses.contains(status))
        case .connectFailure, .connectTimeout: meets(.connectFailure)
        case .reset, .staleConnection: meets(.reset)
        case .resetBeforeRequest: meets(.resetBeforeRequest)
        case .refusedStream: meets(.refusedStream)
        case .timeout: meets(.timeout)
        case .perTryTimeout: meets([.perTryTimeout, .timeout])
        }
    }

    /// One that covers every failure without an answer, or the one named.
    private func meets(_ condition: RetryConditions) -> Bool {
        !isDisjoint(with: [.serverError, .gatewayError, .reset, condition])
    }
}

/// Statuses 100–599 as bits, inline, so that a policy is copied without counting references.
package struct StatusSet: Hashable, Sendable, ExpressibleByArrayLiteral {
    private var words = SIMD8<UInt64>(repeating: 0)

    package init(_ statuses: some Sequence<Int> = []) {
        for status in statuses { insert(status) }
    }

    package init(arrayLiteral elements: Int...) {
        self.init(elements)
    }

    /// A number outside 100–599 is no status and changes nothing.
    package mutating func insert(_ status: Int) {
        guard (100...599).contains(status) else { return }
        words[(status - 100) / 64] |= 1 << UInt64((status - 100) % 64)
    }

    package func contains(_ status: Int) -> Bool {
        guard (100...599).contains(status) else { return false }
        return words[(status - 100) / 64] & 1 << UInt64((status - 100) % 64) != 0
    }
}
