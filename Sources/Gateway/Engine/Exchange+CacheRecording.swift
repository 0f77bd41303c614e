import Base
import HTTPWire
import Reactor

/// The origin's answer as the cache sees it pass.
extension Exchange {
    /// The origin's answer to our own question, 304. True: it is no answer for the client; what follows is done at its
    /// end (`finishCaching`).
    func isRenewed(by head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, _ attempt: Attempt) -> Bool {
        guard head.status == 304, cacheCall.isConditional, otherGroup == nil, let asked = cacheCall.asked,
            let cache = route.cache
        else { return false }
        cacheCall.status?.forwardStatus = 304
        switch cache.responses.freshen(
            asked, by: head, bytes, request: request, headBytes, cache.policy,
            delay: attempt.startedAt.duration(to: now), at: cacheMoment, epoch: cacheCall.epoch)
        {
        case .updated(let stored):
            cache.count(.revalidated)
            cacheCall.status?.isStored = true
            cacheCall.renewed = stored
        case .unstorable(let stored):
            cacheCall.renewed = stored
        case .mismatched:
            cacheCall.asked = nil
            cacheCall.isConditional = cacheCall.isBackground
            cacheCall.asksAgain = true
        }
        return true
    }

    /// The head of an answer that the client gets: whether it is recorded, and what it makes obsolete.
    func noteForCache(_ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, _ attempt: Attempt) {
        if !request.method.isSafe { invalidateCaches(head, bytes) }
        guard let cache = route.cache, let key = cacheCall.key, otherGroup == nil else { return }
        let delay = attempt.startedAt.duration(to: now)
        key.withView { key in
            if request.method == .head {
                cache.responses.noteHead(
                    key, response: head, bytes, request: request, headBytes, cache.policy, delay: delay, at: cacheMoment
                )
            } else {
                record(key, head, bytes, cache, delay: delay)
            }
        }
    }

    private func record(
        _ key: CacheKeyView, _ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, _ cache: RouteCache,
        delay: Duration
    ) {
        do throws(StorageRefusal) {
            let recorder = try cache.responses.record(
                key, request: request, headBytes, response: head, bytes, cache.policy, delay: delay, at: cacheMoment,
                epoch: cacheCall.epoch)
            cacheCall.recorder = recorder
            cacheCall.status?.isStored = true
            if !recorder.isReusable { endFetch(.notStorable) }
        } catch {
            cacheCall.status?.refusal = error
            endFetch(.notStorable)
        }
    }

    /// For the end of a head that the client gets.
    func writeCacheStatus(to out: WireBuffer) {
        guard let status = cacheCall.status, route.cache?.policy.writesStatus == true else { return }
        status.write(to: out)
    }

    /// The origin's answer is over. True: the exchange goes on otherwise than by the end of that answer.
    func finishCaching() -> Bool {
        if let stored = cacheCall.renewed {
            cacheCall.renewed = nil
            endFetch(.stored)
            serve(stored, cacheCall.status)
            return true
        }
        if cacheCall.asksAgain {
            cacheCall.asksAgain = false
            tried = TriedHosts()
            tryHost(isHedge: false)
            return true
        }
        if let recorder = cacheCall.recorder {
            cacheCall.recorder = nil
            endFetch(recorder.finish() == nil ? .failed : .stored)
        }
        return false
    }

    private var cacheMoment: CacheMoment { CacheMoment(monotonic: now, wall: worker.wallNow) }

    /// RFC 9111 section 4.4, for the caches of all routes: what changes a resource may be routed otherwise than what
    /// reads it.
    private func invalidateCaches(_ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer) {
        let caches = worker.telemetry.caches
        guard !caches.isEmpty else { return }
        let head = copy head
        let keys = withCacheTarget { target in
            Invalidation.keys(
                target, method: request.method, status: head.status, response: head, bytes, in: worker.keySpace)
        }
        for key in keys { caches.invalidate(key) }
    }
}
