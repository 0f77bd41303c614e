import Base

/// What one request has to do with its route's cache, from the lookup to the last byte.
struct CacheCall {
    /// Of what the answer is stored under; nil where nothing is to be stored.
    var key: CacheKey?
    /// Of the store when the request went on.
    var epoch: UInt32 = 0
    /// What the origin is asked about.
    var asked: StoredResponse?
    /// The origin gets the conditions of `asked` in place of the client's.
    var isConditional = false
    var recorder: CacheRecorder?
    /// For Cache-Status; nil for routes without a cache.
    var status: CacheStatus?
    /// The origin has said that this is good: the client gets it once the origin's answer is over.
    var renewed: StoredResponse?
    /// The origin's 304 was about something else: it is asked again, without conditions.
    var asksAgain = false

    // One fetch for several
    var leads = false
    var waits = false
    /// How the fetch that it waited for has ended.
    var awaited: CollapsedFetches<Exchange>.End?
    var waitsUntil = MonotonicInstant(nanoseconds: .max)

    // Answers from the store, and pages
    var serving: ServedBody?
    /// What is to be sent of it.
    var left = 0..<0
    var isPumping = false
    /// Renews what is stored; nobody waits for it.
    var isBackground = false

    var isUsed: Bool { status != nil || key != nil || serving != nil }
}

/// A body that lies ready, and goes out as the client takes it.
final class ServedBody {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }
}
