/// The life of the daemon as a value: which job is carried out now, which waits, which is refused.
///
/// At most one job is under way and at most one of each kind waits. Any number of SIGHUPs during a reload means one more
/// reload afterwards, because the file may have changed since it was read. A waiting rollback goes before a waiting reload:
/// what is known to be bad goes first, and the reload then finds either a new file or the one that was taken back. A stop
/// wins over both; it begins when the job under way has ended, so that no half-built generation is drained.
package struct DaemonLifecycle: Equatable, Sendable {
    package enum Phase: Equatable, Sendable {
        case running
        case reloading
        case rollingBack
        case stopping
    }

    package enum Event: Equatable, Sendable {
        case reloadRequested
        case rollbackRequested
        case stopRequested
        /// A reload or a rollback has ended.
        case jobEnded
    }

    package enum Action: Equatable, Sendable {
        case none
        case beginReload
        case beginRollback
        case beginStop
    }

    package private(set) var phase = Phase.running
    private var waitsForReload = false
    private var waitsForRollback = false
    private var waitsForStop = false

    package init() {}

    package mutating func event(_ event: Event) -> Action {
        // Nothing is begun any more once a stop is asked for.
        if phase == .stopping || waitsForStop && event != .jobEnded { return .none }
        switch event {
        case .reloadRequested: waitsForReload = true
        case .rollbackRequested: waitsForRollback = true
        case .stopRequested: waitsForStop = true
        case .jobEnded: phase = .running
        }
        return phase == .running ? beginNext() : .none
    }

    private mutating func beginNext() -> Action {
        if waitsForStop {
            phase = .stopping
            return .beginStop
        }
        if waitsForRollback {
            waitsForRollback = false
            phase = .rollingBack
            return .beginRollback
        }
        guard waitsForReload else { return .none }
        waitsForReload = false
        phase = .reloading
        return .beginReload
    }
}
