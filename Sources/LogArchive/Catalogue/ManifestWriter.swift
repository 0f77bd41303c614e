package import Base
import ObjectStore
import Synchronization

/// Notes the generations of one process: one write at a time for each store, and whoever has the turn writes all lines
/// of its host and day that wait. Otherwise each would read and write the day's manifest for its own line alone, and its
/// own process would be the other writer.
///
/// Memory: the manifest that was written last, at most 4 MiB a store.
package final class ManifestWriter: Sendable {
    /// One entry that waits, and what became of it.
    private final class Ticket: Sendable {
        let entry: ManifestEntry
        let result = Mutex<Result<Void, any Error>?>(nil)

        init(_ entry: ManifestEntry) {
            self.entry = entry
        }

        func isOfDay(of other: Ticket) -> Bool {
            entry.host == other.entry.host && Manifest.day(entry.rotated) == Manifest.day(other.entry.rotated)
        }
    }

    /// Of one store.
    private struct Queue {
        var isTaken = false
        var turns: [CheckedContinuation<Void, Never>] = []
        var waiting: [Ticket] = []
        var tail: Manifest.Tail?
    }

    /// Lines that go with one write.
    private static let mostLines = 1000

    private let queues = Mutex<[String: Queue]>([:])

    package init() {}

    /// Returns when the entry stands in the manifest.
    package func note(_ entry: ManifestEntry, _ manifest: Manifest) async throws {
        let name = manifest.store.name
        let ticket = Ticket(entry)
        queues.withLock { $0[name, default: Queue()].waiting.append(ticket) }
        await takeTurn(name)
        defer { giveTurn(name) }
        // Somebody who had the turn before has written it, too.
        if let result = ticket.result.withLock({ $0 }) { return try result.get() }
        let batch = takeBatch(name, with: ticket)
        let tail = queues.withLock { queues in
            let tail = queues[name]?.tail
            queues[name]?.tail = nil
            return tail
        }
        do {
            let next = try await manifest.note(batch.map(\.entry), after: tail)
            queues.withLock { $0[name]?.tail = next }
            for ticket in batch { ticket.result.withLock { $0 = .success(()) } }
        } catch is CancellationError {
            // That is ours alone.
            let others = batch.filter { $0 !== ticket }
            queues.withLock { $0[name]?.waiting.insert(contentsOf: others, at: 0) }
            throw CancellationError()
        } catch {
            for ticket in batch { ticket.result.withLock { $0 = .failure(error) } }
            throw error
        }
    }

    private func takeTurn(_ name: String) async {
        await withCheckedContinuation { continuation in
            let isFree = queues.withLock { queues in
                if queues[name]?.isTaken == true {
                    queues[name]?.turns.append(continuation)
                    return false
                }
                queues[name, default: Queue()].isTaken = true
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    private func giveTurn(_ name: String) {
        let next = queues.withLock { queues -> CheckedContinuation<Void, Never>? in
            guard let first = queues[name]?.turns.first else {
                queues[name]?.isTaken = false
                return nil
            }
            queues[name]?.turns.removeFirst()
            return first
        }
        next?.resume()
    }

    /// Those that wait for the same objects, and no longer wait then.
    private func takeBatch(_ name: String, with own: Ticket) -> [Ticket] {
        queues.withLock { queues in
            guard var queue = queues[name] else { return [own] }
            let others = queue.waiting.filter { $0 !== own && $0.isOfDay(of: own) }.prefix(ManifestWriter.mostLines - 1)
            let taken = [own] + others
            queue.waiting.removeAll { ticket in taken.contains { $0 === ticket } }
            queues[name] = queue
            return taken
        }
    }
}
