/// The life of the daemon as a value: which request is carried out now, which waits, which is refused.
///
/// At most one reload is under way and at most one waits: any number of SIGHUPs during a reload means one more reload
/// afterwards, because the file may have changed since it was read. A stop wins over a waiting reload.
package struct DaemonLifecycle: Equatable, Sendable {
    package enum Phase: Equatable, Sendable {
        case running
        case reloading(another: Bool)
        /// A stop came during a reload: it begins when the reload has ended, so that no half-built generation is drained.
        case reloadingThenStopping
        case stopping
    }

    package enum Event: Equatable, Sendable {
        case reloadRequested
        case reloadEnded
        case stopRequested
    }

    package enum Action: Equatable, Sendable {
        case none
        case beginReload
        case beginStop
    }

    package private(set) var phase = Phase.running

    package init() {}

    package mutating func event(_ event: Event) -> Action {
        switch (phase, event) {
        case (.running, .reloadRequested):
            phase = .reloading(another: false)
            return .beginReload
        case (.running, .stopRequested), (.reloadingThenStopping, .reloadEnded):
            phase = .stopping
            return .beginStop
        case (.reloading, .reloadRequested):
            phase = .reloading(another: true)
            return .none
        case (.reloading(another: true), .reloadEnded):
            phase = .reloading(another: false)
            return .beginReload
        case (.reloading(another: false), .reloadEnded):
            phase = .running
            return .none
        case (.reloading, .stopRequested):
            phase = .reloadingThenStopping
            return .none
        case (.reloadingThenStopping, _), (.stopping, _), (.running, .reloadEnded):
            return .none
        }
    }
}
