package import Base
package import Resilience
import Settings

/// Why the generation before is to be put back, for people and for `apus_daemon_rollbacks_total{cause}`.
package struct RollbackReason: Sendable, Equatable {
    /// The values of the label: what asked.
    package enum Cause: String, Sendable, CaseIterable {
        /// A component saw more failures after the reload than its settings allow.
        case errorRate = "error-rate"
        /// A component saw a higher latency after the reload than its settings allow.
        case latency
        /// A component asked for a reason of its own.
        case component
        /// Alertmanager, by its webhook.
        case alert
        /// A person, by `POST /-/rollback` without a body.
        case request
    }

    /// What is longer is cut: part of it may come from an alert's labels.
    static let lengthLimit = 400

    package let cause: Cause
    /// One sentence with the figures.
    package let text: String

    package init(_ cause: Cause, _ text: String) {
        self.cause = cause
        self.text = text.count > RollbackReason.lengthLimit ? text.prefix(RollbackReason.lengthLimit) + "…" : text
    }

    package init(_ breach: RollbackBreach) {
        switch breach.limit {
        case .errorRate: self.init(.errorRate, breach.description)
        case .latencyP99: self.init(.latency, breach.description)
        }
    }
}

/// A rollback that somebody asks for, and how far it goes.
struct RollbackRequest: Sendable {
    enum Source: Sendable {
        /// A component of these settings: what runs under other settings by now is not its business.
        case component(name: String, fingerprint: SettingsFingerprint)
        /// An alert that began to fire then (nil: it does not say): it means what was loaded before it, within the window.
        case alert(began: WallInstant?, window: Duration)
        case person
    }

    let source: Source
    let reason: RollbackReason
}

/// What became of a request to roll back.
package enum RollbackOutcome: Sendable, Equatable {
    /// The settings of that generation run again, as a generation of their own.
    case rolledBack(to: Int)
    /// Nothing was touched, because nothing is to be put back: the reason for the operator.
    case refused(String)
    /// The settings before could not be built any more; what ran before the attempt still runs. One complaint a line.
    case failed([String])
}

extension ComponentContext {
    /// Asks for the settings before the last change of this component's own to be put back, all of the file, as a reload
    /// does. Refused for a first generation, for one that was put back itself, and where other settings of this component
    /// run by now.
    ///
    /// It returns when all is done, which may be after this component's own end: nothing need wait for it.
    @discardableResult
    package func rollBack(_ reason: RollbackReason) async -> RollbackOutcome {
        await daemon.rollBack(
            RollbackRequest(source: .component(name: name, fingerprint: fingerprint), reason: reason))
    }
}
