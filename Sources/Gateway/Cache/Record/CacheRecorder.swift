package import HTTPWire

/// Takes down one response while it passes, and stores it when it is whole. Confined to the worker that it was begun
/// on.
///
/// It holds at most `maxObjectBytes` of body, all recorders of a cache together at most its `maxBytes`; above it gives
/// up, and the response passes on unhindered. One copy of each byte; no allocation but the body's and the head's.
package final class CacheRecorder {
    private let cache: ResponseCache
    private let policy: CachePolicy
    private let response: Draft
    private let epoch: UInt32?
    private var body: [UInt8] = []
    private var isActive = true

    /// What is known of a response from its head.
    struct Draft {
        let key: CacheKey
        let head: StoredHead
        let declared: UInt64?
        let freshness: Freshness
        let selecting: SelectingFields
        let rules: ReuseRules
    }

    init(_ cache: ResponseCache, _ policy: CachePolicy, _ response: Draft, epoch: UInt32?) {
        self.cache = cache
        self.policy = policy
        self.response = response
        self.epoch = epoch
        if let declared = response.declared { body.reserveCapacity(Int(declared)) }
    }

    deinit { abandon() }

    package var isRecording: Bool { isActive }

    /// Others can be answered with it once it is stored, without asking the origin each time.
    var isReusable: Bool {
        !response.rules.needsValidation && response.freshness.lifetime > response.freshness.initialAge
    }

    /// Each piece of the body, without framing.
    package func append(_ bytes: UnsafeRawBufferPointer) {
        guard isActive, !bytes.isEmpty else { return }
        guard body.count + bytes.count <= policy.maxObjectBytes, cache.reserve(bytes.count) else { return abandon() }
        body.append(contentsOf: bytes)
    }

    /// The response is whole: it is stored. nil when it was too long, shorter than it said, or invalidated meanwhile.
    @discardableResult
    package func finish() -> StoredResponse? {
        guard isActive else { return nil }
        defer { abandon() }
        if let declared = response.declared, declared != UInt64(body.count) { return nil }
        // What grew without knowing its end may hold up to twice its size.
        let body = self.body.capacity > self.body.count + self.body.count / 4 ? Array(self.body[...]) : self.body
        let stored = StoredResponse(
            key: response.key, head: response.head, body: body, freshness: response.freshness,
            selecting: response.selecting, rules: response.rules)
        return cache.store(stored, epoch: epoch) ? stored : nil
    }

    /// The response broke off, or nobody reads it any more: nothing of it is stored (RFC 9111 section 3.3).
    package func abandon() {
        guard isActive else { return }
        isActive = false
        cache.release(body.count)
        body = []
    }
}

extension ResponseCache {
    /// Begins to record the answer to a GET that `lookup` let pass with `miss` or `revalidate`; throws why it is not
    /// stored.
    ///
    /// - Parameters:
    ///   - delay: from the sending of the request to this head.
    ///   - moment: when the head came.
    ///   - epoch: of the moment in which the request went out.
    package func record(
        _ key: CacheKeyView, request: borrowing RequestHead, _ requestBytes: UnsafeRawBufferPointer,
        response head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, _ policy: CachePolicy, delay: Duration,
        at moment: CacheMoment, epoch: UInt32? = nil
    ) throws(StorageRefusal) -> CacheRecorder {
        guard request.method == .get else { throw .method }
        if RequestDirectives(request, requestBytes).noStore { throw .requestNoStore }
        if let length = head.contentLength, length > UInt64(policy.maxObjectBytes) { throw .tooLarge }
        let draft = try CacheRecorder.Draft(
            key, request: request, requestBytes, response: head, bytes, policy, delay: delay, at: moment)
        return CacheRecorder(self, policy, draft, epoch: epoch)
    }
}

extension CacheRecorder.Draft {
    init(
        _ key: CacheKeyView, request: borrowing RequestHead, _ requestBytes: UnsafeRawBufferPointer,
        response head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, _ policy: CachePolicy, delay: Duration,
        at moment: CacheMoment
    ) throws(StorageRefusal) {
        let verdict = StorageVerdict(
            head, bytes, hasAuthorization: request.has(.authorization), policy, received: moment.wall)
        guard case .storable(let rules, let lifetime) = verdict else { throw verdict.refusal }
        let withheld = ResponseDirectives(head, bytes, targets: policy.targetedFields).withheldFields
        let selecting = SelectingFields(
            head, bytes, request: request, requestBytes, keyHeaders: policy.keyHeaders)
        guard let selecting, let kept = StoredHead(head, bytes, withheld: withheld, received: moment.wall) else {
            throw .vary
        }
        if UnkeyedFields.arePresent(request, requestBytes, selecting: selecting) { throw .unkeyedField }
        self.init(
            key: CacheKey(key), head: kept, declared: head.framing == .none ? nil : head.contentLength,
            freshness: Freshness(head, bytes, lifetime: lifetime, delay: delay, at: moment), selecting: selecting,
            rules: rules)
    }
}

extension StorageVerdict {
    var refusal: StorageRefusal { if case .refused(let refusal) = self { refusal } else { .noFreshness } }
}
