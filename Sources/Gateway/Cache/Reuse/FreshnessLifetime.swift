import Base
import HTTPWire

/// How long a response is fresh (RFC 9111 section 4.2.1 and 4.2.2).
enum FreshnessLifetime {
    /// A tenth of the time since the last change, and a day at most: later, nobody would understand it any more.
    static let mostHeuristic = Duration.seconds(86_400)

    /// What the response says itself, or nil. Values that are none are zero: known to be stale.
    static func explicit(
        _ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, _ directives: ResponseDirectives,
        received: WallInstant
    ) -> Duration? {
        switch directives.sharedMaxAge {
        case .valid(let seconds): return .seconds(seconds)
        case .invalid: return .zero
        case .absent: break
        }
        switch directives.maxAge {
        case .valid(let seconds): return .seconds(seconds)
        case .invalid: return .zero
        case .absent: break
        }
        guard head.has(.expires), !directives.areTargeted else { return nil }
        guard let expires = FieldDate.only(.expires, head, bytes) else { return .zero }
        let date = FieldDate.only(.date, head, bytes) ?? received
        let left = expires.nanosecondsSince1970.subtractingClamped(date.nanosecondsSince1970)
        return .nanoseconds(max(0, left))
    }

    /// What is assumed where the response says nothing and its status, or `public`, allows it.
    static func assumed(
        _ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, _ directives: ResponseDirectives,
        _ policy: CachePolicy, received: WallInstant
    ) -> Duration? {
        guard StatusRules.isHeuristicallyCacheable(head.status) || directives.isPublic else { return nil }
        if policy.isHeuristic, let changed = FieldDate.only(.lastModified, head, bytes) {
            let date = FieldDate.only(.date, head, bytes) ?? received
            let past = date.nanosecondsSince1970.subtractingClamped(changed.nanosecondsSince1970)
            return min(mostHeuristic, .nanoseconds(max(0, past / 10)))
        }
        return policy.defaultTTL
    }
}
