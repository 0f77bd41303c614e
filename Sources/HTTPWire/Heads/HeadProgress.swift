/// What a head says about itself, in the words that requests and responses share.
package enum HeadProgress: Hashable, Sendable {
    case incomplete
    /// The head takes `count` bytes, its final empty line included.
    case complete(count: Int)
    case refused(Refusal)
}

/// Where a message's body ends (RFC 9112 section 6.3).
package enum BodyFraming: Hashable, Sendable {
    case none
    case length(UInt64)
    case chunked
    /// Responses only.
    case untilClose
}

/// The forms of a request target (RFC 9112 section 3.2).
package enum TargetForm: Hashable, Sendable {
    case origin, absolute, authority, asterisk
}
