package import Settings

/// What may be wrong with a try or with an answer, as `on:` lists it: Envoy's words, or a status code.
package enum FailureCondition: Hashable, Sendable {
    /// Envoy's `retry_on` words and some of ours.
    package enum Word: String, Hashable, Sendable, CaseIterable {
        /// An answer of 500 to 599, or none at all: refused, reset or timed out.
        case serverError = "5xx"
        /// An answer of 502, 503 or 504.
        case gatewayError = "gateway-error"
        /// No connection, or no TLS session, could be made. The upstream has not seen the request.
        case connectFailure = "connect-failure"
        /// The upstream closed or reset the connection before an answer began.
        case reset
        /// HTTP/2: the upstream refused the stream unseen (REFUSED_STREAM, or above GOAWAY's last stream).
        case refusedStream = "refused-stream"
        /// An answer of 409.
        case retriable4xx = "retriable-4xx"
        /// `timeouts.firstByte` or `timeouts.perTry` was over.
        case timeout
        /// `timeouts.perTry` was over.
        case perTryTimeout = "per-try-timeout"
        /// The circuit breaker let nothing pass.
        case circuitOpen = "circuit-open"
        /// A limit of the gateway's own: pending requests, concurrency, shedding, or no usable host.
        case overload
    }

    case word(Word)
    case status(Int)

    package static let serverError = FailureCondition.word(.serverError)
    package static let connectFailure = FailureCondition.word(.connectFailure)
    package static let reset = FailureCondition.word(.reset)
    package static let refusedStream = FailureCondition.word(.refusedStream)
    package static let timeout = FailureCondition.word(.timeout)

    package var text: String {
        switch self {
        case .word(let word): word.rawValue
        case .status(let code): "\(code)"
        }
    }

    /// What a retry may ask for: the gateway's own limits are not tried again at once.
    package static let ofTries: [Word] = Word.allCases.filter { $0 != .circuitOpen && $0 != .overload }
    /// What a circuit breaker may count.
    package static let ofCalls: [Word] = ofTries.filter { $0 != .refusedStream && $0 != .retriable4xx }
}

extension ValueFormat where Value == FailureCondition {
    /// One of `words`, or a status code from 400 to 599.
    package static func condition(of words: [FailureCondition.Word]) -> ValueFormat {
        let names = words.map(\.rawValue)
        return parsed(
            name: "a condition", allowed: names.joined(separator: ", ") + ", or a status code from 400 to 599",
            pattern: "^(\(names.joined(separator: "|"))|[45][0-9]{2})$", numbers: 400...599,
            parsing: { text in
                if let word = words.first(where: { $0.rawValue == text }) { return .value(.word(word)) }
                if let code = StatusRange.code(text), code >= 400 { return .value(.status(code)) }
                let hint = Suggestion.sentence(for: text, among: names)
                return hint.isEmpty ? .wrong : .because(String(hint.dropFirst(2)))
            },
            render: { $0.text })
    }
}
