package import Base
import Synchronization

/// What all workers know of a group's hosts: requests in flight, and who is unusable and why.
///
/// Why atomics and not a lock: every request reads and writes it twice, on every worker, while health changes every few
/// seconds at most. So each worker owns a `Balancer` (its rotation and its random numbers need no sharing), reads the
/// counts relaxed, and looks at `version` once a pick; only when that has moved does it read all marks again, O(n).
/// A count that is a moment old costs nothing: the power of two choices tolerates it. Fixed size: 64 bytes a host, a
/// cache line of its own, so that workers which serve different hosts do not disturb each other.
package final class HostBoard: @unchecked Sendable {
    // Sendable because `cells` is set once and freed in deinit, and every field of a cell is an atomic.

    /// Why a host is not to be used. One is enough.
    package struct Marks: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Active health checks failed.
        package static let unhealthy = Marks(rawValue: 1)
        /// The outlier detector ejected it.
        package static let ejected = Marks(rawValue: 2)
        /// It leaves the group, or an operator took it out: not even a panic uses it.
        package static let draining = Marks(rawValue: 4)
    }

    private struct Cell: ~Copyable {
        let active = Atomic<Int>(0)
        /// Nanoseconds on the monotonic clock; `.min` for a host that was there from the start.
        let usableSince = Atomic<Int64>(.min)
        let marks = Atomic<UInt8>(0)
        let padding: (Int64, Int64, Int64, Int64, Int64) = (0, 0, 0, 0, 0)
    }

    package let count: Int
    private let cells: UnsafeMutablePointer<Cell>
    private let changes = Atomic<UInt64>(0)

    /// All hosts usable, without slow start, nothing in flight.
    package init(count: Int) {
        precondition(count <= BalancedHost.maximumCount, "more hosts than a group may have")
        self.count = count
        cells = .allocate(capacity: max(1, count))
        for index in 0..<count { (cells + index).initialize(to: Cell()) }
    }

    deinit {
        cells.deinitialize(count: count)
        cells.deallocate()
    }

    /// Grows with each change of a mark.
    package var version: UInt64 { changes.load(ordering: .acquiring) }

    /// A request goes to the host. Pair it with `ended`, on this very board, also when a reload has made another.
    package func began(_ host: Int) {
        cells[checked(host)].active.add(1, ordering: .relaxed)
    }

    package func ended(_ host: Int) {
        cells[checked(host)].active.subtract(1, ordering: .relaxed)
    }

    /// Requests in flight to the host.
    package func active(_ host: Int) -> Int { cells[checked(host)].active.load(ordering: .relaxed) }

    package func marks(_ host: Int) -> Marks { Marks(rawValue: cells[checked(host)].marks.load(ordering: .acquiring)) }

    package func isUsable(_ host: Int) -> Bool { marks(host).isEmpty }

    /// When it last became usable; slow start counts from here.
    package func usableSince(_ host: Int) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: cells[checked(host)].usableSince.load(ordering: .relaxed))
    }

    /// Any thread. Returns whether this changed the host from usable to not, or back.
    @discardableResult
    package func set(_ mark: Marks, _ isOn: Bool, host: Int, now: MonotonicInstant) -> Bool {
        let marks = mark.rawValue
        let change =
            isOn
            ? cells[checked(host)].marks.bitwiseOr(marks, ordering: .acquiringAndReleasing)
            : cells[checked(host)].marks.bitwiseAnd(~marks, ordering: .acquiringAndReleasing)
        guard change.oldValue != change.newValue else { return false }
        if change.newValue == 0 { cells[host].usableSince.store(now.nanoseconds, ordering: .relaxed) }
        // After the marks, so that who sees the new version sees them too.
        changes.add(1, ordering: .releasing)
        return (change.oldValue == 0) != (change.newValue == 0)
    }

    /// A host that joins a running group begins its slow start at `now`.
    package func joined(_ host: Int, now: MonotonicInstant) {
        cells[checked(host)].usableSince.store(now.nanoseconds, ordering: .relaxed)
        changes.add(1, ordering: .releasing)
    }

    /// Takes marks and slow start over from a board of before, where this host was number `old`.
    package func carry(_ host: Int, from board: HostBoard, _ old: Int) {
        cells[checked(host)].marks.store(board.marks(old).rawValue, ordering: .relaxed)
        cells[host].usableSince.store(board.usableSince(old).nanoseconds, ordering: .relaxed)
        changes.add(1, ordering: .releasing)
    }

    @inline(__always)
    private func checked(_ host: Int) -> Int {
        precondition(host >= 0 && host < count, "no such host")
        return host
    }
}
