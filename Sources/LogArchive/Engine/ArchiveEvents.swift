package import Base
package import Logging
package import Telemetry

/// A log became a generation.
package struct LogRotated: Event {
    package static let message = "log rotated"
    package static let counter: EventCounter? = EventCounter(
        "apus_logsync_rotations_total", help: "Logs that were rotated.", labels: ["rule"])
    package let rule: String
    package let log: String
    package let generation: String
    package let bytes: Int64
    package let method: String
    package let reason: String
    package var level: Logger.Level { .info }
    package var labels: [String] { [rule] }
    package var fields: Logger.Metadata {
        [
            "rule": "\(rule)", "log": "\(log)", "generation": "\(generation)", "bytes": "\(bytes)",
            "method": "\(method)", "reason": "\(reason)",
        ]
    }
}

/// A log that is due, or that somebody asked to have rotated, stays as it is for now.
package struct LogLeft: Event {
    package static let message = "log left as it is"
    package static let counter: EventCounter? = nil
    package let rule: String
    package let log: String
    /// By somebody: otherwise a daemon would tell it in each round.
    package let isAsked: Bool
    package let reason: String
    package var level: Logger.Level { isAsked ? .info : .debug }
    package var fields: Logger.Metadata { ["rule": "\(rule)", "log": "\(log)", "reason": "\(reason)"] }
}

/// Something could not be done; it is tried again.
package struct ArchiveFailed: Event {
    package static let message = "log archive failed"
    package static let counter: EventCounter? = EventCounter(
        "apus_logsync_failures_total", help: "What could not be done, by step and cause.",
        labels: ["rule", "step", "cause"])
    package let rule: String
    package let subject: String
    package let step: Step
    package let failure: ApusError
    package enum Step: String, Sendable { case rotate, hook, seal, upload, manifest, remove, recover, read, rules }
    package var level: Logger.Level { .warning }
    package var labels: [String] { [rule, step.rawValue, failure.code] }
    package var fields: Logger.Metadata { ["rule": "\(rule)", "subject": "\(subject)", "step": "\(step.rawValue)"] }
    package var error: (any Error)? { failure }
}

/// The store has a generation, and it was compared.
package struct GenerationStored: Event {
    package static let message = "generation stored"
    package static let counter: EventCounter? = EventCounter(
        "apus_logsync_stored_total", help: "Generations that the store has.", labels: ["rule"])
    package let rule: String
    package let log: String
    package let generation: String
    package let key: String
    package let bytes: Int64
    package let storedBytes: Int64
    package let duration: Duration
    package var level: Logger.Level { .info }
    package var labels: [String] { [rule] }
    package var fields: Logger.Metadata {
        [
            "rule": "\(rule)", "log": "\(log)", "generation": "\(generation)", "key": "\(key)", "bytes": "\(bytes)",
            "storedBytes": "\(storedBytes)", "seconds": "\(duration.inSeconds)",
        ]
    }
}

/// The audit trail: a file was deleted from this host, and why that was right.
package struct GenerationDeleted: Event {
    package static let message = "generation deleted here"
    package static let counter: EventCounter? = EventCounter(
        "apus_logsync_deletions_total", help: "Generations that were deleted from this host.",
        labels: ["rule", "reason"])
    package let rule: String
    package let log: String
    package let generation: String
    package let file: String
    package let bytes: Int64
    package let sha256: String
    package let reason: Reason
    /// Where it is kept; nil for one that is lost by a declared policy.
    package let storedAt: String?

    /// Of a whole generation that leaves this host.
    init(_ generation: Generation, rule: Rule, _ reason: Reason, storedAt: String? = nil) {
        self.rule = rule.name
        log = generation.log
        self.generation = generation.id
        file = "\(generation.folder)/\(generation.name)"
        bytes = generation.size
        sha256 = generation.survey?.sha256 ?? ""
        self.reason = reason
        self.storedAt = storedAt
    }

    init(
        rule: String, log: String, generation: String, file: String, bytes: Int64, sha256: String, reason: Reason,
        storedAt: String?
    ) {
        self.rule = rule
        self.log = log
        self.generation = generation
        self.file = file
        self.bytes = bytes
        self.sha256 = sha256
        self.reason = reason
        self.storedAt = storedAt
    }

    package enum Reason: String, Sendable { case stored, keep, keepAge, keepBytes, backlog, missing }
    package var level: Logger.Level { reason == .backlog ? .error : .info }
    package var labels: [String] { [rule, reason.rawValue] }
    package var fields: Logger.Metadata {
        [
            "rule": "\(rule)", "log": "\(log)", "generation": "\(generation)", "file": "\(file)",
            "bytes": "\(bytes)", "sha256": "\(sha256)", "reason": "\(reason.rawValue)",
            "storedAt": "\(storedAt ?? "nowhere")",
        ]
    }
}

/// What waits for its upload has come near its bound, or is beyond it, or is no more.
package struct BacklogChanged: Event {
    package static let message = "log backlog"
    package static let counter: EventCounter? = nil
    package let rule: String
    package let state: State
    package let bytes: Int64
    package let oldest: Duration
    package enum State: String, Sendable { case ok, near, beyond }
    package var level: Logger.Level { state == .ok ? .info : state == .near ? .warning : .error }
    package var fields: Logger.Metadata {
        [
            "rule": "\(rule)", "state": "\(state.rawValue)", "bytes": "\(bytes)",
            "oldestSeconds": "\(Int(oldest.inSeconds))",
        ]
    }
}
