/// What one host needs: each resource with what differs, in the order in which it will be mended.
package struct HostPlan: Sendable {
    package enum Verdict: Sendable {
        /// As declared.
        case same
        case change(Comparison)
        /// Decided after the changes before it.
        case deferred(String)
        /// It cannot be brought about: why.
        case failed(String)
        /// Not looked at, because of an earlier failure: which.
        case skipped(String)
    }

    struct Item: Sendable {
        let task: HostTask
        var verdict: Verdict
        /// Handlers run before this one.
        var flushBefore = false
    }

    var items: [Item] = []
    var handlers: [HostTask] = []
    /// What each handler would do now, in their order; nil where that is known only after the changes before it.
    var handlerSteps: [StepScript?] = []
    /// Handlers that a run which died has left, by name.
    var pending: [String] = []
    /// Names of handlers that were left and are not declared any more.
    var unknownPending: [String] = []

    var changes: [Item] { items.filter { if case .change = $0.verdict { true } else { false } } }
    var failures: [Item] { items.filter { if case .failed = $0.verdict { true } else { false } } }
    var hasDeferred: Bool { items.contains { if case .deferred = $0.verdict { true } else { false } } }

    /// Whether anything would be done.
    var hasWork: Bool { !changes.isEmpty || hasDeferred || !pending.isEmpty }

    /// Handlers that would run, in declared order: those of changes, and those that were left.
    var notified: [HostTask] {
        var names = Set(pending)
        for item in items {
            switch item.verdict {
            case .change, .deferred: names.formUnion(item.task.declaration.notify)
            default: continue
            }
        }
        return handlers.filter { names.contains($0.declaration.name ?? "") }
    }
}
