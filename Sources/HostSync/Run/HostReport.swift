package import Base

/// What happened, or would happen, on one host in one play.
package struct HostReport: Sendable {
    package enum Status: String, Sendable {
        /// As declared; nothing was or would be done.
        case same
        /// Something was or would be changed.
        case changed
        case failed
        case unreachable
        /// Somebody stopped the run while this host was being worked on, or before.
        case interrupted
        /// The run was stopped before this host's turn.
        case notStarted = "not-started"
    }

    package enum ItemStatus: String, Sendable {
        case same, changed, deferred, failed, skipped
        /// Its step was not reached.
        case notRun = "not-run"
    }

    package struct Item: Sendable {
        package var title: String
        package var name: String?
        package var place: String
        package var status: ItemStatus
        package var differences: [Difference] = []
        /// Why it failed, is deferred or was skipped; what a command said.
        package var message: String?
        package var isHandler = false
    }

    package var host: String
    package var play: String?
    /// The play's place among all, from 0.
    package var playNumber = 0
    package var status: Status
    package var items: [Item] = []
    package var error: ApusError?
    /// What the operator should know and did not ask for.
    package var notes: [String] = []
    package var duration = Duration.zero
    package var bytesSent = 0
    package var bytesReceived = 0
    /// Legs of the conversation: each is one trip there and back.
    package var legs = 0
    /// What the plan stands on: equal for the same declarations and the same state of the host.
    package var fingerprint = ""
    /// What the host says of itself, where it was asked.
    package var facts: HostFacts?

    package init(host: String, play: String? = nil, status: Status) {
        self.host = host
        self.play = play
        self.status = status
    }

    /// How many resources; handlers are counted by `handlers`.
    package func count(_ status: ItemStatus) -> Int { items.count { $0.status == status && !$0.isHandler } }
    package func handlers(_ status: ItemStatus) -> Int { items.count { $0.status == status && $0.isHandler } }
    package var isFailure: Bool { status == .failed || status == .unreachable || status == .interrupted }
}
