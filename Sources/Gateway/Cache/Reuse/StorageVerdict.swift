import Base
import HTTPWire

/// Whether a response to GET may be stored, and how it may be used again (RFC 9111 section 3).
enum StorageVerdict: Sendable {
    case refused(StorageRefusal)
    case storable(ReuseRules, lifetime: Duration)
}

/// Why a response is not stored, as Cache-Status tells it.
package enum StorageRefusal: String, Error, Sendable, CaseIterable {
    case method
    case requestNoStore = "request-no-store"
    case status
    case noStore = "no-store"
    case isPrivate = "private"
    case authorization
    case vary
    case setCookie = "set-cookie"
    case noFreshness = "no-freshness"
    case tooLarge = "too-large"
    case unkeyedField = "unkeyed-field"
}

/// How a stored response may be used.
struct ReuseRules: Sendable {
    /// Never without asking the origin.
    var needsValidation = false
    /// Once it is stale, a client or the settings may still have it. Not after must-revalidate, proxy-revalidate,
    /// s-maxage or no-cache (section 4.2.4).
    var mayBeStale = true
    /// Past the end of freshness.
    var staleIfError: Duration?
    var staleWhileRevalidate: Duration?
}

extension StorageVerdict {
    init(
        _ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, hasAuthorization: Bool, _ policy: CachePolicy,
        received: WallInstant
    ) {
        let directives = ResponseDirectives(head, bytes, targets: policy.targetedFields)
        if let refusal = StorageVerdict.refusal(head, bytes, directives, hasAuthorization) {
            self = .refused(refusal)
            return
        }
        let lifetime =
            FreshnessLifetime.explicit(head, bytes, directives, received: received)
            ?? FreshnessLifetime.assumed(head, bytes, directives, policy, received: received)
        let hasValidator = head.has(.etag) || head.has(.lastModified)
        // With a validator it is worth keeping though each use asks the origin; without, nobody could use it.
        guard let lifetime = lifetime ?? (hasValidator && directives.allowsStoring(head.status) ? .zero : nil) else {
            self = .refused(.noFreshness)
            return
        }
        self = .storable(ReuseRules(directives, policy), lifetime: lifetime)
    }

    private static func refusal(
        _ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, _ directives: ResponseDirectives,
        _ hasAuthorization: Bool
    ) -> StorageRefusal? {
        guard StatusRules.isStorable(head.status) else { return .status }
        if directives.mustUnderstand {
            // Section 5.2.2.3: who understands the status ignores the no-store that is meant for the others.
            guard StatusRules.isUnderstood(head.status) else { return .status }
        } else if directives.noStore {
            return .noStore
        }
        if directives.isPrivate { return .isPrivate }
        if hasAuthorization, !directives.allowsAuthorized { return .authorization }
        if head.has(.setCookie), !directives.allowsCookies { return .setCookie }
        return nil
    }
}

extension ResponseDirectives {
    var hasSharedMaxAge: Bool { sharedMaxAge != .absent }

    /// Section 3.5.
    var allowsAuthorized: Bool { isPublic || mustRevalidate || hasSharedMaxAge }

    /// The RFC would let a cookie be given to everybody; we take it for a sign that the origin did not think of caches,
    /// unless it says `public` or `s-maxage`, or withholds the field by name.
    var allowsCookies: Bool {
        isPublic || hasSharedMaxAge || withheldFields.contains { $0 == Array("set-cookie".utf8) }
    }

    func allowsStoring(_ status: Int) -> Bool { isPublic || StatusRules.isHeuristicallyCacheable(status) }
}

extension ReuseRules {
    init(_ directives: ResponseDirectives, _ policy: CachePolicy) {
        needsValidation = directives.noCache
        let isStrict = directives.noCache || directives.mustRevalidate || directives.proxyRevalidate
        mayBeStale = !isStrict && !directives.hasSharedMaxAge
        guard !isStrict else { return }
        // The origin's own words for staleness go before what s-maxage implies (section 5.2.2.10): sites send both, and
        // mean both. The settings of the gateway do not.
        staleIfError = directives.staleIfError.map { .seconds($0) }
        staleWhileRevalidate = directives.staleWhileRevalidate.map { .seconds($0) }
        guard mayBeStale else { return }
        staleIfError = policy.staleIfError ?? staleIfError
        staleWhileRevalidate = policy.staleWhileRevalidate ?? staleWhileRevalidate
    }
}
