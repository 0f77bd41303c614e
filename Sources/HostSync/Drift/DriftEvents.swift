import Logging
import Telemetry

/// A host differs from its declaration, in another way than at the check before, or does no longer.
struct DriftChanged: Event {
    static let message = "host drift"
    static let counter: EventCounter? = EventCounter(
        "apus_sync_host_changes_total", help: "Times that the state of a host changed from one check to the next.",
        labels: ["status"])
    /// Titles that one line holds.
    private static let mostTitles = 10

    let host: String
    let state: DriftCheck.Host
    var level: Logger.Level { state.status == .same ? .info : .warning }
    var labels: [String] { [state.status.rawValue] }
    var fields: Logger.Metadata {
        var fields: Logger.Metadata = [
            "host": "\(host)", "status": "\(state.status.rawValue)", "drifted": "\(state.drifted)",
        ]
        if !state.titles.isEmpty {
            fields["resources"] = "\(state.titles.prefix(DriftChanged.mostTitles).joined(separator: ", "))"
        }
        if let error = state.error { fields["reason"] = "\(error)" }
        return fields
    }
}

struct DriftCheckFailed: Event {
    static let message = "drift check failed"
    static let counter: EventCounter? = EventCounter(
        "apus_sync_check_failures_total", help: "Checks that could not begin: the site does not read.")
    let reason: String
    var level: Logger.Level { .error }
    var fields: Logger.Metadata { ["reason": "\(reason)"] }
}
