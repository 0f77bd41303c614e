import Base
import Logging
import Telemetry

/// Told at the level of an error: what the operator wants is not what runs.
struct ConfigurationRolledBack: Event {
    static let message = "configuration rolled back"
    static let counter: EventCounter? = rollbackCounter
    let reason: RollbackReason
    let generation: Int
    let rejected: String
    let restored: String
    let changes: [String: String]
    var level: Logger.Level { .error }
    var labels: [String] { [reason.cause.rawValue] }
    var fields: Logger.Metadata {
        [
            "cause": "\(reason.cause.rawValue)", "reason": "\(reason.text)",
            "generation": .stringConvertible(generation), "rejected": "\(rejected)", "configuration": "\(restored)",
            "changed": .dictionary(changes.mapValues { "\($0)" }),
        ]
    }
}

struct RollbackRefused: Event {
    static let message = "rollback refused"
    static let counter: EventCounter? = EventCounter(
        "apus_daemon_rollbacks_refused_total", help: "Rollbacks that had nothing to put back, by what asked.",
        labels: ["cause"])
    let reason: RollbackReason
    let why: String
    var level: Logger.Level { .warning }
    var labels: [String] { [reason.cause.rawValue] }
    var fields: Logger.Metadata {
        ["cause": "\(reason.cause.rawValue)", "reason": "\(reason.text)", "refused": "\(why)"]
    }
}

struct RollbackFailed: Event {
    static let message = "rollback failed, the running configuration stays"
    static let counter: EventCounter? = EventCounter(
        "apus_daemon_rollbacks_failed_total", help: "Rollbacks whose former settings could not be built any more.",
        labels: ["cause"])
    let reason: RollbackReason
    let complaints: Int
    var level: Logger.Level { .error }
    var labels: [String] { [reason.cause.rawValue] }
    var fields: Logger.Metadata {
        [
            "cause": "\(reason.cause.rawValue)", "reason": "\(reason.text)",
            "complaints": .stringConvertible(complaints),
        ]
    }
}

let rollbackCounter = EventCounter(
    "apus_daemon_rollbacks_total", help: "Times that the settings before the last change were put back, by cause.",
    labels: ["cause"])
