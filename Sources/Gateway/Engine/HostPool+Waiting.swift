import Base
import Reactor

/// Connections are few, and shared: attempts wait for one, and all workers see to it that none waits for ever.
///
/// The limits of host and group count over all workers, so what makes room is often another worker's, or another host's: who
/// begins to wait asks the others to give up a connection that lies idle, and who gives one up tells those that wait. A
/// worker that needs each connection itself gives every second one away as long as others wait. Nothing of this costs a
/// thing but one relaxed load a request where no attempt waits.
extension HostPool {
    func wait(_ attempt: Attempt) {
        guard pending.count < group.rules.maxPending else {
            return attempt.exchange.failed(attempt, .pendingOverflow)
        }
        attempt.waitsIn = self
        pending.append(attempt)
        group.beganWaiting(for: host)
        attempt.exchange.setDeadlines()
        let (group, host) = (group, host)
        worker.giveUpIdle(of: group, for: host)
        worker.onOthers { $0.giveUpIdle(of: group, for: host) }
    }

    /// The attempt that has waited longest.
    func takePending() -> Attempt? {
        guard let attempt = pending.first else { return nil }
        forget(attempt)
        return attempt
    }

    /// The attempt does not wait any more.
    func forget(_ attempt: Attempt) {
        guard let index = pending.firstIndex(where: { $0 === attempt }) else { return }
        pending.remove(at: index)
        attempt.waitsIn = nil
        group.endedWaiting(for: host)
    }

    /// Whether a connection that has become free is for other workers, or for another host of the group.
    var isOwedToOthers: Bool {
        guard group.isAwaited(host, besides: pending.count, ifFull: true) else { return false }
        keptLast = !keptLast && !pending.isEmpty
        return !keptLast
    }

    /// Connects for the one that waits, if there is room.
    func serveWaiting() {
        guard !pending.isEmpty, group.takeConnection(to: host) else { return }
        guard let attempt = takePending() else { return group.giveConnection(to: host) }
        connect(for: attempt)
    }

    /// A place has become free: those that wait elsewhere may take it, and after them those that wait here.
    func offerToOthers() {
        let (group, worker) = (group, worker)
        worker.serveWaiting(of: group, besides: self)
        guard worker.hasOthers else { return serveWaiting() }
        worker.onOthers { other in
            other.serveWaiting(of: group)
            worker.reactor.poster.post { worker.serveWaiting(of: group) }
        }
    }

    /// The same at another turn, where a failure within a failure would go ever deeper.
    func offerLater() {
        let (group, worker) = (group, worker)
        let job: @Sendable (Worker) -> Void = { $0.serveWaiting(of: group) }
        worker.onOthers(job)
        worker.reactor.poster.post { job(worker) }
    }
}

extension Worker {
    /// Closes a connection that nobody uses, so that an attempt at `host` may have its place.
    func giveUpIdle(of group: UpstreamGroup, for host: UpstreamHost) {
        let pools = pools(of: group)
        for pool in pools where pool.host === host && pool.giveUpIdle() { return }
        guard group.isFull else { return }
        for pool in pools where pool.giveUpIdle() { return }
    }

    func serveWaiting(of group: UpstreamGroup, besides other: HostPool? = nil) {
        for pool in pools(of: group) where pool !== other { pool.serveWaiting() }
    }
}

extension HostPool {
    /// - Returns: False when there is none to give up.
    fileprivate func giveUpIdle() -> Bool {
        if !idle.isEmpty {
            // The oldest.
            idle.removeFirst().disconnect()
            return true
        }
        guard let multiplexed, pending.isEmpty, multiplexed.isOpen else { return false }
        // It ends with the requests that are on it.
        self.multiplexed = nil
        multiplexed.drain()
        return true
    }
}
