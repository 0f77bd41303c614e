package import Base
import Telemetry

/// What the daemon knows of itself at one moment: the console, `/readyz` and `/healthz` are drawn from it.
struct DaemonSnapshot: Sendable {
    struct ComponentEntry: Sendable {
        let name: String
        let status: ComponentStatus
        /// When the running instance was started, which is earlier than the last reload for one that did not change.
        let startedAt: WallInstant
        let restarts: Int
    }

    let version: String
    let host: String
    let processID: Int32
    let now: WallInstant
    let startedAt: WallInstant
    let uptime: Duration
    let configurationFile: String
    let configurationHash: String
    let generation: Int
    let lastReload: ReloadRecord
    /// Set while the file on disk is not what runs, because a rollback put the settings before it back.
    let rolledBack: RolledBack?
    /// The last rollback could not be made, and why; until something is taken over.
    let failedRollback: ReloadRecord?
    let isStopping: Bool
    let components: [ComponentEntry]

    /// Ready: not stopping, and every component is.
    var isReady: Bool { !isStopping && components.allSatisfy(\.status.isReady) }
}

/// The outcome of the last start or reload.
package struct ReloadRecord: Sendable, Equatable {
    package let at: WallInstant
    /// Why it failed, one complaint a line; empty after a success.
    package let complaints: [String]

    package var isSuccess: Bool { complaints.isEmpty }
}

/// What the admin endpoint may ask of the daemon.
protocol DaemonView: Sendable {
    func snapshot() async -> DaemonSnapshot
    /// Requests a reload and returns when one that began after the request has ended.
    ///
    /// - Parameter isForced: Take over also a file that was rolled back.
    func reload(isForced: Bool) async -> ReloadRecord
    /// Requests a rollback and returns when it has ended.
    func rollBack(_ request: RollbackRequest) async -> RollbackOutcome
    /// The effective configuration, redacted.
    func renderedConfiguration() async -> String
    var recentLogs: [RecentLogEvent] { get }
}
