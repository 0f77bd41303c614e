/// Compares everything that is declared for a host with what it answered.
struct HostPlanner {
    /// Actions that ran already in this run, by the task's place: they are not wanted again.
    var done: Set<Int> = []
    /// What failed already in this run, by the task's place, with why: it is not tried again.
    var givenUp: [Int: String] = [:]
    /// Go on after a failure with what does not require the failed one.
    var keepsGoing = false

    func plan(_ tasks: HostTasks, _ answer: ProbeAnswer) -> HostPlan {
        var host = HostState(answer)
        var plan = HostPlan()
        plan.handlers = tasks.handlers
        let left = host.lines(HandlerJournal.query).map(String.init)
        let known = Set(tasks.handlers.compactMap(\.declaration.name))
        plan.pending = left.filter { known.contains($0) }
        plan.unknownPending = left.filter { !known.contains($0) && !tasks.declaredHandlers.contains($0) }
        var failed: Set<String> = []
        var firstFailure: String?
        var firstDeferred: String?
        var flushes = false
        for entry in tasks.entries {
            guard case .task(let task) = entry else {
                flushes = true
                continue
            }
            let number = plan.items.count
            var verdict: HostPlan.Verdict
            if let missing = task.declaration.requires.first(where: failed.contains) {
                verdict = .skipped("it requires \(missing), which failed")
            } else if let firstFailure, !keepsGoing {
                verdict = .skipped("after the failure of \(firstFailure)")
            } else {
                verdict = self.verdict(task, number, &host)
            }
            // Commands keep their order: one that stands behind what comes later does not overtake it.
            if let firstDeferred, case .change(let comparison) = verdict, comparison.isAction {
                verdict = .deferred("it waits for \(firstDeferred)")
            }
            if firstDeferred == nil, case .deferred = verdict { firstDeferred = task.title }
            switch verdict {
            case .failed, .skipped:
                if let name = task.declaration.name { failed.insert(name) }
                if case .failed = verdict, !task.declaration.ignoresErrors, firstFailure == nil {
                    firstFailure = task.title
                }
            default: break
            }
            plan.items.append(HostPlan.Item(task: task, verdict: verdict, flushBefore: flushes))
            flushes = false
        }
        plan.handlerSteps = tasks.handlers.map { handlerSteps($0, &host) }
        return plan
    }

    /// Nothing to do is nothing; what cannot be done fails when its turn comes, so that its note stays.
    private func handlerSteps(_ handler: HostTask, _ host: inout HostState) -> StepScript? {
        do {
            let comparison = try handler.resource.compare(&host)
            return comparison.deferred == nil ? comparison.steps : nil
        } catch {
            var steps = StepScript()
            steps.run("apus_say", error.message)
            return steps
        }
    }

    private func verdict(_ task: HostTask, _ number: Int, _ host: inout HostState) -> HostPlan.Verdict {
        do {
            let comparison = try task.resource.compare(&host)
            if let why = givenUp[number], comparison.deferred != nil || !comparison.differences.isEmpty {
                return .failed(why)
            }
            if let why = comparison.deferred {
                host.willProvide("deferred")
                return .deferred(why)
            }
            if comparison.isAction, done.contains(number) { return .same }
            if comparison.differences.isEmpty { return .same }
            host.willProvide("change")
            if type(of: task.resource).bringsUnforeseen { host.willProvide("anything") }
            return .change(comparison)
        } catch {
            // A package or a command may bring what is missing now.
            if host.willHave("anything"), givenUp[number] == nil {
                host.willProvide("deferred")
                return .deferred(error.message)
            }
            return .failed(error.message)
        }
    }
}
