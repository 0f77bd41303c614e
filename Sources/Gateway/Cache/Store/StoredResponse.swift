package import Base
package import HTTPWire

/// A response as the cache keeps it: immutable, shared by the workers and by whoever is being served from it, however
/// long that takes. A renewed one is another object that shares the body's memory.
package final class StoredResponse: Sendable {
    package let key: CacheKey
    /// Status line, end-to-end fields and the empty line. Without framing, Age, what belongs to one hop or one proxy,
    /// and the fields that the origin withholds; with Date.
    package let headBytes: [UInt8]
    /// `headBytes`, read.
    package let head: ResponseHead
    package let body: [UInt8]
    package let freshness: Freshness
    let selecting: SelectingFields
    let rules: ReuseRules
    let validators: Validators
    /// What it is counted with against the bound of the store: all its bytes, and 512 for what is around them.
    let cost: Int

    init(
        key: CacheKey, head: StoredHead, body: [UInt8], freshness: Freshness, selecting: SelectingFields,
        rules: ReuseRules
    ) {
        self.key = key
        headBytes = head.bytes
        self.head = head.head
        self.body = body
        self.freshness = freshness
        self.selecting = selecting
        self.rules = rules
        validators = head.bytes.withUnsafeBytes { Validators(head.head, $0, date: freshness.date) }
        cost = StoredResponse.overhead + key.bytes.count + head.bytes.count + body.count + selecting.byteCount
    }

    static let overhead = 512

    package var status: Int { head.status }

    /// Whether the origin can be asked if it is still good.
    package var isValidatable: Bool { validators.canValidate }

    package func age(at now: MonotonicInstant) -> Duration { freshness.age(at: now) }
    package func timeToLive(at now: MonotonicInstant) -> Duration { freshness.timeToLive(at: now) }
    package func isFresh(at now: MonotonicInstant) -> Bool { timeToLive(at: now) > .zero }
}
