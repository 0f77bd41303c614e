import Base
package import HTTPWire

/// What became of a stored response by the origin's answer to a question about it.
package enum Freshening: Sendable {
    /// It is as good as new; this one is stored in its place, and the client is answered with it.
    case updated(StoredResponse)
    /// The client is answered with it; it is stored no more, because the new fields forbid it.
    case unstorable(StoredResponse)
    /// The answer is about another version: what was stored is gone, and the origin must be asked without conditions.
    case mismatched
}

extension ResponseCache {
    /// The origin answered the conditions of `stored` with 304 (RFC 9111 section 4.3.4). `request` is the client's, as
    /// it was when `stored` was found for it.
    package func freshen(
        _ stored: StoredResponse, by head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer,
        request: borrowing RequestHead, _ requestBytes: UnsafeRawBufferPointer, _ policy: CachePolicy, delay: Duration,
        at moment: CacheMoment, epoch: UInt32? = nil
    ) -> Freshening {
        guard stored.isSelected(by: head, bytes) else {
            remove(stored)
            return .mismatched
        }
        let targets = policy.targetedFields
        let withheld =
            ResponseDirectives(head, bytes, targets: targets).withheldFields + stored.withheldFields(targets)
        guard let merged = StoredHead(stored, updatedBy: head, bytes, withheld: withheld, received: moment.wall) else {
            remove(stored)
            return .mismatched
        }
        let age = Freshness(head, bytes, lifetime: .zero, delay: delay, at: moment)
        let renewed = merged.bytes.withUnsafeBytes {
            renew(stored, merged, $0, age, request, requestBytes, policy, received: moment.wall)
        }
        if case .updated(let response) = renewed {
            store(response, epoch: epoch)
            if response.selecting != stored.selecting { remove(stored) }
        } else {
            remove(stored)
        }
        return renewed
    }

    /// The merged head is judged like that of a new response; Age is that of the 304.
    private func renew(
        _ stored: StoredResponse, _ merged: StoredHead, _ bytes: UnsafeRawBufferPointer, _ age: Freshness,
        _ request: borrowing RequestHead, _ requestBytes: UnsafeRawBufferPointer, _ policy: CachePolicy,
        received: WallInstant
    ) -> Freshening {
        let verdict = StorageVerdict(
            merged.head, bytes, hasAuthorization: request.has(.authorization), policy, received: received)
        let selecting = SelectingFields(
            merged.head, bytes, request: request, requestBytes, keyHeaders: policy.keyHeaders)
        var (rules, lifetime) = (ReuseRules(needsValidation: true, mayBeStale: false), Duration.zero)
        let isStorable: Bool
        if case .storable(let newRules, let newLifetime) = verdict, selecting != nil {
            (rules, lifetime, isStorable) = (newRules, newLifetime, true)
        } else {
            isStorable = false
        }
        let freshness = Freshness(
            receivedAt: age.receivedAt, initialAge: age.initialAge, lifetime: lifetime, date: age.date)
        let response = StoredResponse(
            key: stored.key, head: merged, body: stored.body, freshness: freshness,
            selecting: selecting ?? stored.selecting, rules: rules)
        return isStorable && !RequestDirectives(request, requestBytes).noStore
            ? .updated(response) : .unstorable(response)
    }

    /// The answer 200 to HEAD tells what GET would give: what is stored for GET is renewed by it, or goes when it is
    /// another version (RFC 9111 section 4.3.5).
    package func noteHead(
        _ key: CacheKeyView, response head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer,
        request: borrowing RequestHead, _ requestBytes: UnsafeRawBufferPointer, _ policy: CachePolicy, delay: Duration,
        at moment: CacheMoment, epoch: UInt32? = nil
    ) {
        guard request.method == .head, head.status == 200, let stored = find(key, request, requestBytes).response,
            stored.status == 200
        else { return }
        if let length = head.contentLength, length != UInt64(stored.body.count) { return remove(stored) }
        _ = freshen(
            stored, by: head, bytes, request: request, requestBytes, policy, delay: delay, at: moment, epoch: epoch)
    }
}

extension StoredResponse {
    fileprivate func withheldFields(_ targets: [[UInt8]]) -> [[UInt8]] {
        headBytes.withUnsafeBytes { ResponseDirectives(head, $0, targets: targets).withheldFields }
    }

    /// Whether validators in `head` are those of this version (RFC 9111 section 4.3.4); without any, it is the only one
    /// that was asked about.
    fileprivate func isSelected(by head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer) -> Bool {
        if let tag = head.first(.etag)?.value.bytes(in: bytes) {
            return withEntityTag { own in
                EntityTag.isWeak(tag) ? EntityTag.matchWeakly(tag, own) : EntityTag.matchStrongly(tag, own)
            } ?? false
        }
        guard head.has(.lastModified), let own = validators.lastModified else { return true }
        return FieldDate.only(.lastModified, head, bytes) == own
    }
}
