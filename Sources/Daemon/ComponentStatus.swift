/// What one component says of itself: for `/readyz` (is it ready, and if not why) and for the console (figures, bars).
package struct ComponentStatus: Sendable, Equatable {
    /// The component's own view of its health; the supervisor adds `stopped` and `failed` for one that is not running.
    package enum State: String, Sendable {
        case starting
        case running
        /// It works, but not fully: its reason says what is missing. Still ready.
        case degraded
        case draining
        case failed
        case stopped
    }

    package var state: State
    /// Why it is not simply `running`, in a few words for the operator.
    package var reason: String?
    package var figures: [Figure]
    package var bars: [Bar]

    package init(_ state: State, reason: String? = nil, figures: [Figure] = [], bars: [Bar] = []) {
        self.state = state
        self.reason = reason
        self.figures = figures
        self.bars = bars
    }

    /// Whether the component can do its work now.
    package var isReady: Bool { state == .running || state == .degraded }

    /// A figure with its name, both as a person reads them: `mounts` `12`.
    package struct Figure: Sendable, Equatable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A share of a whole, drawn as a bar.
    package struct Bar: Sendable, Equatable {
        package enum Level: String, Sendable { case ok, warning, critical, unknown }

        package let label: String
        /// From 0 to 1; nil when it is not known (a mount that hangs).
        package let ratio: Double?
        /// What stands beside the bar: `63 % · 80G free of 252G`.
        package let text: String
        package let level: Level

        package init(_ label: String, ratio: Double?, text: String, level: Level) {
            self.label = label
            self.ratio = ratio.map { min(max($0, 0), 1) }
            self.text = text
            self.level = level
        }
    }
}
