import Synchronization

/// The memory of parts that are stored, for those to come: fresh memory costs a page fault every 4 KiB. Bound: `limit`
/// parts; more are freed.
final class SpareParts: Sendable {
    private static let limit = 2
    private let spare = Mutex<[[UInt8]]>([])

    /// An empty array with room for so many bytes.
    func take(_ capacity: Int) -> [UInt8] {
        var part = spare.withLock { $0.popLast() } ?? []
        part.removeAll(keepingCapacity: true)
        part.reserveCapacity(capacity)
        return part
    }

    /// - Parameter part: Whose bytes nobody needs any more. Who still holds it keeps it: the next user gets another.
    func give(_ part: consuming [UInt8]) {
        let part = part
        spare.withLock { spare in
            if spare.count < SpareParts.limit { spare.append(part) }
        }
    }
}

/// A part that goes to a task: what a closure captures it holds until its task is gone, so that nobody else could use the
/// memory again.
final class PartBox: Sendable {
    private let part: Mutex<[UInt8]>

    init(_ part: [UInt8]) {
        self.part = Mutex(part)
    }

    /// The part, once.
    func take() -> [UInt8] {
        part.withLock { part in
            var taken: [UInt8] = []
            swap(&taken, &part)
            return taken
        }
    }
}
