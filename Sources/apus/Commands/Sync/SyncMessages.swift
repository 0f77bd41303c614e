import HostSync
import Settings
import Synchronization

/// Sentences that several commands of `apus sync` say.
enum SyncMessages {
    static func warnings(_ site: Site) {
        for warning in site.warnings { Report.line(warning.description) }
    }
}

/// Gathers the fingerprints of a plan that is to be saved or confirmed.
final class PlanCollector: Sendable {
    private let found = Mutex<[String: String]>([:])

    var fingerprints: [String: String] { found.withLock { $0 } }

    func take(_ report: HostReport) {
        guard !report.fingerprint.isEmpty, !report.isFailure else { return }
        found.withLock { $0[PlanKey.of(play: report.playNumber, host: report.host)] = report.fingerprint }
    }
}

extension SavedPlan {
    /// The options under which the plan was made, with those of the command line that do not change what is planned.
    func options(_ given: SyncOptions) -> SyncOptions {
        var options = given
        options.hosts = hosts
        options.inventory = inventories
        options.tags = tags
        options.skipTags = skipTags
        options.var = variables
        options.local = isLocal
        return options
    }
}
