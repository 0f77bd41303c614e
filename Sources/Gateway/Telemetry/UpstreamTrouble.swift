import Base
import Logging
import Synchronization
import Telemetry

/// What there is to say of a host that fails, at most twice a minute: the metrics have each failure.
final class UpstreamTrouble: Sendable {
    static let pause = Duration.seconds(30)

    private struct State {
        var toldAt: MonotonicInstant?
        var untold = 0
        var tlsFault: String?
    }

    private let state = Mutex(State())

    /// A try failed.
    ///
    /// - Returns: How many have failed untold before it; nil: it is too soon to tell again.
    func tell(now: MonotonicInstant) -> Int? {
        state.withLock { state in
            if let toldAt = state.toldAt, toldAt.duration(to: now) < UpstreamTrouble.pause {
                state.untold += 1
                return nil
            }
            defer { state.untold = 0 }
            state.toldAt = now
            return state.untold
        }
    }

    /// Why TLS failed last.
    var tlsFault: String? { state.withLock { $0.tlsFault } }

    func note(tlsFault: String) { state.withLock { $0.tlsFault = tlsFault } }
}

struct UpstreamFailing: Event {
    static let message = "gateway upstream failing"
    let upstream: String
    let host: String
    let reason: AttemptFailure
    let detail: String?
    /// Failures since the last such line.
    let untold: Int
    var level: Logger.Level { .warning }
    var fields: Logger.Metadata {
        var fields: Logger.Metadata = ["upstream": "\(upstream)", "host": "\(host)", "reason": "\(reason.rawValue)"]
        if let detail { fields["detail"] = "\(detail)" }
        if untold > 0 { fields["more"] = .stringConvertible(untold) }
        return fields
    }
}
