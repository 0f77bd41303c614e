package import Base
import Synchronization

/// Asks file systems how full they are, and never waits longer than it was told.
///
/// Each mount is asked on a detached thread of its own (`ProbeCall` says which of them in a process of their own).
/// What has not answered at the time-out is left behind: it stays in the `ProbeBook` until the kernel answers, is not
/// asked again before, and costs one thread and at most one process until then. One sampler serves a daemon for
/// months, across reloads; the book must survive them.
package final class DiskSampler: Sendable {
    private let time: any TimeSource
    private let book: Mutex<ProbeBook>
    private let children = ProbeChildren()

    package init(time: any TimeSource = SystemTime(), limit: Int = ProbeBook.defaultLimit) {
        self.time = time
        book = Mutex(ProbeBook(limit: limit))
    }

    deinit {
        children.killAll()
    }

    /// Probes that are under way, hung ones too.
    package var outstanding: Int { book.withLock { $0.count } }

    /// Ends the processes of hung probes, as far as the kernel allows it. Call it before the program ends.
    package func abandon() {
        children.killAll()
    }

    private enum Event: Sendable {
        case answered(Int, ProbeCall.Answer, after: Duration)
        case ended
    }

    /// Asks all mounts at once.
    ///
    /// - Parameters:
    ///   - table: Where they come from; it tells which are covered by others and which can hang.
    ///   - timeout: For the whole call, hence for each mount.
    ///   - each: Gets every sample as soon as it is there.
    /// - Returns: One sample for each mount, in the order of `mounts`. Cancellation ends the wait at once.
    @discardableResult
    package func sample(
        _ mounts: [Mount], of table: MountTable, timeout: Duration,
        each: (MountSample) async -> Void = { _ in }
    ) async -> [MountSample] {
        // At most one event for each mount and one for the end.
        let (events, feed) = AsyncStream<Event>.makeStream()
        let deadline = time.now().advanced(by: timeout)
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { [time] in
                try? await time.sleep(until: deadline)
                feed.yield(.ended)
            }
            defer { group.cancelAll() }
            var results = [MountSample?](repeating: nil, count: mounts.count)
            func settle(_ index: Int, _ outcome: MountSample.Outcome, after duration: Duration = .zero) async {
                let sample = MountSample(mount: mounts[index], outcome: outcome, duration: duration)
                results[index] = sample
                await each(sample)
            }
            var round = SampleRound(count: mounts.count)
            var incoming = events.makeAsyncIterator()
            while true {
                for (index, outcome) in startMore(&round, mounts, table, feed) { await settle(index, outcome) }
                guard !round.isOver, let event = await incoming.next() else { break }
                switch event {
                case .answered(let index, let answer, let duration):
                    guard round.answered(index) else { continue }
                    await settle(index, DiskSampler.outcome(answer), after: duration)
                case .ended:
                    let limit = book.withLock(\.limit)
                    for (index, error) in round.ended(limit: limit, cancelled: Task.isCancelled) {
                        await settle(index, .failed(error), after: timeout)
                    }
                }
            }
            return results.enumerated().map { index, sample in
                sample ?? MountSample(mount: mounts[index], outcome: .failed(.cancelled))
            }
        }
    }

    private func startMore(
        _ round: inout SampleRound, _ mounts: [Mount], _ table: MountTable, _ feed: AsyncStream<Event>.Continuation
    ) -> [(Int, MountSample.Outcome)] {
        let now = time.wallNow()
        let starts = book.withLock { book in
            round.startable(book: &book, now: now) { index in
                (mounts[index].identity, DiskSampler.outcomeWithoutAsking(mounts[index], table))
            }
        }
        return starts.compactMap { start in
            switch start {
            case .done(let index, let outcome):
                return (index, outcome)
            case .probe(let index):
                let code = probe(mounts[index], isolated: table.canHang(mounts[index])) { answer, duration in
                    feed.yield(.answered(index, answer, after: duration))
                }
                guard code != 0 else { return nil }
                book.withLock { $0.end(mounts[index].identity) }
                _ = round.answered(index)
                return (index, .failed(.system(code)))
            }
        }
    }

    private func probe(
        _ mount: Mount, isolated: Bool, answered: @escaping @Sendable (ProbeCall.Answer, Duration) -> Void
    ) -> Int32 {
        let start = time.now()
        return ProbeThread.start { [self] in
            let answer = ProbeCall.perform(
                .statistics, path: mount.mountPoint, isolated: isolated, children: children)
            book.withLock { $0.end(mount.identity) }
            answered(answer, start.duration(to: time.now()))
        }
    }

    static func outcomeWithoutAsking(_ mount: Mount, _ table: MountTable) -> MountSample.Outcome? {
        if mount.isAutomountTrigger { return .skipped }
        return table.isVisible(mount) ? nil : .failed(.overMounted)
    }

    private static func outcome(_ answer: ProbeCall.Answer) -> MountSample.Outcome {
        switch answer {
        case .figures(let figures): .figures(figures)
        case .failed(let code): .failed(.system(code))
        case .died, .path: .failed(.probeDied)
        }
    }
}
