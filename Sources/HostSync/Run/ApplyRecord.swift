import Base

/// Keeps what became of each item over the passes of one change.
struct ApplyRecord {
    /// Steps of handlers are numbered from here: a thousand handlers a round, one round a flush.
    private static let firstHandler = 500_000
    private static let handlersPerRound = 1000

    private var items: [HostReport.Item]
    private var handlers: [HostReport.Item] = []
    private var running: Set<Int> = []
    /// Of them, what cannot be undone half-way.
    private var actions: Set<Int> = []
    private var failure: String?
    private(set) var mayGoOn = true
    /// What failed, by its place in the plan, with why.
    private(set) var failed: [Int: String] = [:]
    private let keepsGoing: Bool

    /// - Parameter keepsGoing: Whether a failed resource leaves the run to go on.
    init(_ plan: HostPlan, keepsGoing: Bool) {
        self.keepsGoing = keepsGoing
        items = plan.items.map { HostReport.Item($0) }
        for (index, item) in plan.items.enumerated() {
            switch item.verdict {
            case .change: items[index].status = .notRun
            case .failed(let why): if failure == nil { failure = "\(item.task.title): \(why)" }
            default: break
            }
        }
    }

    static func handlerNumber(_ index: Int, round: Int) -> Int {
        firstHandler + (round % 400) * handlersPerRound + index % handlersPerRound
    }

    func title(_ number: Int, in plan: HostPlan) -> String {
        if plan.items.indices.contains(number) { return plan.items[number].task.title }
        let handler = (number - ApplyRecord.firstHandler) % ApplyRecord.handlersPerRound
        return plan.handlers.indices.contains(handler) ? "handler \(plan.handlers[handler].declaration.name ?? "")" : ""
    }

    private func place(_ number: Int, in plan: HostPlan) -> String {
        let handler = (number - ApplyRecord.firstHandler) % ApplyRecord.handlersPerRound
        guard plan.handlers.indices.contains(handler) else { return "" }
        let source = plan.handlers[handler].declaration.source
        return "\(source.file):\(source.position)"
    }

    mutating func step(_ number: Int, _ result: HostSession.StepResult?, in plan: HostPlan) {
        guard let result else {
            running.insert(number)
            if plan.items.indices.contains(number), case .change(let comparison) = plan.items[number].verdict,
                comparison.isAction
            {
                actions.insert(number)
            }
            return
        }
        running.remove(number)
        let message = result.output.trimmed.isEmpty ? nil : String(result.output.trimmed.suffix(4000))
        let isFine = result.code == 0
        if items.indices.contains(number) {
            items[number].status = isFine ? .changed : .failed
            if case .change(let comparison) = plan.items[number].verdict {
                items[number].differences = comparison.differences
                if !isFine || comparison.isAction { items[number].message = message }
            }
            if !isFine {
                let why = message ?? "exit code \(result.code)"
                failItem(number, why, ignored: plan.items[number].task.declaration.ignoresErrors)
            }
        } else if number >= ApplyRecord.firstHandler {
            var item = HostReport.Item(
                title: title(number, in: plan), place: isFine ? "" : place(number, in: plan),
                status: isFine ? .changed : .failed)
            item.isHandler = true
            item.message = isFine ? nil : message ?? "exit code \(result.code)"
            handlers.append(item)
            if !isFine { fail("\(item.title): \(item.message ?? "")") }
        }
    }

    /// Ends the run with this, unless it ends with something else already.
    mutating func fail(_ why: String) {
        if failure == nil { failure = why }
        mayGoOn = false
    }

    private mutating func failItem(_ number: Int, _ why: String, ignored: Bool = false) {
        items[number].status = .failed
        items[number].message = ignored ? "\(why) (ignored: ignoreErrors)" : why
        failed[number] = why
        guard !ignored else { return }
        if failure == nil { failure = "\(items[number].title): \(why)" }
        if !keepsGoing { mayGoOn = false }
    }

    /// Holds what was done against what the host says now.
    mutating func verify(_ before: HostPlan, _ after: HostPlan) {
        for (index, item) in before.items.enumerated() where items[index].status == .changed {
            guard case .change(let comparison) = item.verdict, !comparison.isAction else { continue }
            let isIgnored = item.task.declaration.ignoresErrors
            switch after.items[index].verdict {
            case .change(let left):
                let what = left.differences.map { "\($0.what) is \($0.old ?? "missing")" }.joined(separator: ", ")
                failItem(index, "not as declared after the change: \(what)", ignored: isIgnored)
            case .failed(let why): failItem(index, why, ignored: isIgnored)
            default: continue
            }
        }
        for (index, item) in after.items.enumerated()
        where [.deferred, .same, .notRun].contains(items[index].status) {
            switch item.verdict {
            case .same: (items[index].status, items[index].message) = (.same, nil)
            case .change: items[index].status = .notRun
            case .failed(let why): failItem(index, why, ignored: item.task.declaration.ignoresErrors)
            case .skipped(let why): if keepsGoing { (items[index].status, items[index].message) = (.skipped, why) }
            case .deferred: continue
            }
        }
    }

    func finish(into report: inout HostReport, error: ApusError?) {
        report.items = items + handlers
        // What was to be decided after a change is not decided any more.
        if failure != nil || error != nil {
            for index in report.items.indices where report.items[index].status == .deferred {
                report.items[index].status = .notRun
            }
        }
        if error != nil {
            for number in running where items.indices.contains(number) {
                report.items[number].status = .failed
                report.items[number].message =
                    actions.contains(number)
                    ? "cut off while it ran: it goes on to its end on the host"
                    : "cut off while it was being changed: it is as before or as declared"
            }
        }
        if let failure {
            report.status = .failed
            report.error = ApusError(code: "resource-failed", failure)
        } else if report.items.contains(where: { $0.status == .changed }) {
            report.status = .changed
        }
    }
}

extension HostReport.Item {
    init(_ item: HostPlan.Item) {
        let source = item.task.declaration.source
        self.init(
            title: item.task.title, name: item.task.declaration.name, place: "\(source.file):\(source.position)",
            status: .same)
        switch item.verdict {
        case .same: status = .same
        case .change(let comparison): (status, differences) = (.changed, comparison.differences)
        case .deferred(let why): (status, message) = (.deferred, why)
        case .failed(let why): (status, message) = (.failed, why)
        case .skipped(let why): (status, message) = (.skipped, why)
        }
    }
}

extension HostReport {
    /// What a plan says, for a run that changes nothing.
    mutating func take(_ plan: HostPlan) {
        items = plan.items.map { Item($0) }
        for handler in plan.notified {
            var item = Item(title: "handler \(handler.declaration.name ?? "")", place: "", status: .changed)
            item.isHandler = true
            items.append(item)
        }
        if let failed = plan.failures.first(where: { !$0.task.declaration.ignoresErrors }) {
            if case .failed(let why) = failed.verdict {
                status = .failed
                error = ApusError(code: "resource-failed", "\(failed.task.title): \(why)")
            }
        } else if plan.hasWork {
            status = .changed
        }
    }
}
