import Base
import SSHTransport
import Settings

/// One host in one play, from the first question to the verification. It blocks; see `ConversationThread`.
struct HostRun {
    /// Changes that make others possible are followed by another look; more than this many looks is a contradiction in
    /// the declarations.
    private static let mostPasses = 20
    /// In place of a fingerprint.
    static let neverPlanned = "none"

    enum Mode: Sendable {
        case plan(wantsText: Bool)
        /// With the fingerprint that the plan must have, where one was approved before.
        case apply(approved: String?, wantsText: Bool = false)
        /// Only what the host says of itself.
        case facts
    }

    let host: InventoryHost
    let play: Play
    let site: LoadedSite
    let mode: Mode
    let tags: TagSelection
    let keepsGoing: Bool
    let lockOwner: String
    let shell: RemoteShell
    let onStep: @Sendable (_ title: String, _ done: Int, _ total: Int) -> Void

    func run(_ box: CancellationBox) -> HostReport {
        let start = ContinuousClock.now
        var report = HostReport(host: host.name, play: play.name, status: .same)
        do {
            try run(box, &report)
        } catch let error as ApusError {
            report.error = error
            report.status = HostRun.status(of: error)
        } catch let refused as SiteRefused {
            let text = refused.complaints.map(\.description).joined(separator: "\n")
            report.error = ApusError(code: "bad-site", text, kind: .declaration)
            report.status = .failed
        } catch {
            report.error = ApusError(code: "host-failed", "\(error)")
            report.status = .failed
        }
        report.duration = ContinuousClock.now - start
        return report
    }

    private static func status(of error: ApusError) -> HostReport.Status {
        switch error.code {
        case "cancelled": .interrupted
        case "unreachable", "authentication-failed", "host-key-unknown", "host-key-changed", "connection-lost",
            "host-silent", "shell-failed":
            .unreachable
        default: .failed
        }
    }

    private var changes: Bool { if case .apply = mode { true } else { false } }

    private func run(_ box: CancellationBox, _ report: inout HostReport) throws {
        var tasks = HostTasks()
        if case .facts = mode {
            tasks.isComplete = false
        } else {
            var expansion = HostExpansion(host: host, site: site, facts: nil, tags: tags)
            tasks = try expansion.expand(play)
        }
        let conversation = try Conversation(
            shell, readyTimeout: site.site.connectTimeout + .seconds(30))
        box.put(conversation)
        defer {
            conversation.finish()
            (report.bytesSent, report.bytesReceived) = conversation.traffic
        }
        var session = HostSession(
            conversation, silenceTimeout: site.site.silenceTimeout, lockOwner: changes ? lockOwner : nil)
        var request = tasks.request
        request.ask(HandlerJournal.query, "")
        report.legs += 1
        var answer = try session.ask(request)
        if case .facts = mode {
            report.facts = answer.facts
            return
        }
        if !tasks.isComplete {
            var expansion = HostExpansion(host: host, site: site, facts: answer.facts, tags: tags)
            tasks = try expansion.expand(play)
            let missing = tasks.request.without(request)
            if !missing.isEmpty {
                report.legs += 1
                answer.merge(try session.ask(missing))
            }
            request = tasks.request
            request.ask(HandlerJournal.query, "")
        }
        var planner = HostPlanner()
        planner.keepsGoing = keepsGoing
        var plan = planner.plan(tasks, answer)
        report.fingerprint = PlanFingerprint.of(plan)
        note(plan, &report)
        switch mode {
        case .plan(let wantsText):
            if wantsText { try fetchTexts(&plan, &session, &report) }
            report.take(plan)
        case .facts: return
        case .apply(let approved, let wantsText):
            if approved == HostRun.neverPlanned {
                throw ApusError(
                    code: "host-not-planned", "the plan does not hold this host: it failed or was not reached then")
            }
            if let approved, approved != report.fingerprint {
                throw ApusError(
                    code: "host-moved", "the host or the declarations have changed since the plan was made: plan again")
            }
            if wantsText { try fetchTexts(&plan, &session, &report) }
            try apply(&plan, tasks, request, planner, &session, &report)
        }
    }

    private func note(_ plan: HostPlan, _ report: inout HostReport) {
        for name in plan.pending { report.notes.append("an earlier run has left the handler \"\(name)\" to be run") }
        for name in plan.unknownPending {
            let file = "pending/\(HandlerJournal.fileName(name))"
            report.notes.append(
                "the handler \"\(name)\" of another site waits here for that site's next run (or remove \(file) in the state folder)"
            )
        }
    }

    /// The texts that a diff needs and the first leg did not bring.
    private func fetchTexts(_ plan: inout HostPlan, _ session: inout HostSession, _ report: inout HostReport) throws {
        let wanted = PlanTexts.wanted(plan)
        var texts = ProbeAnswer()
        if !wanted.isEmpty {
            report.legs += 1
            texts = try session.ask(wanted)
        }
        PlanTexts.fill(&plan, texts)
    }

    // MARK: Changing

    private func apply(
        _ plan: inout HostPlan, _ tasks: HostTasks, _ request: ProbeRequest, _ firstPlanner: HostPlanner,
        _ session: inout HostSession, _ report: inout HostReport
    ) throws {
        var planner = firstPlanner
        var record = ApplyRecord(plan, keepsGoing: keepsGoing)
        var passes = 0
        while plan.hasWork, record.mayGoOn {
            passes += 1
            guard passes <= HostRun.mostPasses else {
                let titles = plan.changes.prefix(3).map(\.task.title).joined(separator: ", ")
                record.fail(
                    "still something to change after \(HostRun.mostPasses) rounds (\(titles)): do two resources disagree?"
                )
                break
            }
            let isLast = !plan.hasDeferred
            let (script, probe) = Self.script(plan, request, handlersToo: isLast, keepsGoing: keepsGoing)
            report.legs += 1
            let total = plan.changes.count + (isLast ? plan.notified.count : 0)
            var finished = 0
            let outcome: (results: [Int: HostSession.StepResult], answer: ProbeAnswer)
            do {
                outcome = try session.apply(script, verification: probe, request: request) { number, result in
                    record.step(number, result.map(shown), in: plan)
                    if result == nil { onStep(record.title(number, in: plan), finished, total) } else { finished += 1 }
                }
            } catch {
                record.finish(into: &report, error: error)
                throw error
            }
            for (number, item) in plan.items.enumerated() {
                if case .change(let comparison) = item.verdict, comparison.isAction, outcome.results[number]?.code == 0
                {
                    planner.done.insert(number)
                }
            }
            planner.givenUp = record.failed
            let after = planner.plan(tasks, outcome.answer)
            record.verify(plan, after)
            // What the verification gave up is not planned again.
            let hasFailed = record.failed.count != planner.givenUp.count
            planner.givenUp = record.failed
            plan = hasFailed ? planner.plan(tasks, outcome.answer) : after
        }
        record.finish(into: &report, error: nil)
    }

    /// Secrets go before anything is cut off; what the host has cut off may end within one.
    private func shown(_ result: HostSession.StepResult) -> HostSession.StepResult {
        var result = result
        if result.output.utf8.count >= ApplyScript.mostOutputBytes { result.output += "…" }
        result.output = site.site.redactor.redacted(result.output)
        return result
    }

    /// The script of one pass. Handlers wait until nothing is deferred any more.
    static func script(
        _ plan: HostPlan, _ request: ProbeRequest, handlersToo: Bool, keepsGoing: Bool
    ) -> (ApplyScript, ProbeScript) {
        var script = ApplyScript()
        var changed: [String: [Int]] = [:]
        let required = Set(plan.changes.flatMap(\.task.declaration.requires))
        let wanted = Set(plan.handlers.compactMap(\.declaration.name))
        var steps: [ApplyScript.Step] = []
        for (number, item) in plan.items.enumerated() {
            if item.flushBefore {
                script.add(steps)
                steps = []
                addHandlers(plan, &script, round: number + 1)
            }
            guard case .change(let comparison) = item.verdict else { continue }
            let declaration = item.task.declaration
            steps.append(
                ApplyScript.Step(
                    number: number, title: item.task.title, script: comparison.steps,
                    notifies: declaration.notify.filter(wanted.contains),
                    stopsRun: !keepsGoing && !declaration.ignoresErrors,
                    requires: declaration.requires.flatMap { changed[$0] ?? [] },
                    isRequired: required.contains(declaration.name ?? "")))
            if let name = declaration.name { changed[name, default: []].append(number) }
        }
        script.add(steps)
        if handlersToo { addHandlers(plan, &script, round: 0) }
        let probe = ProbeScript(request, firstNumber: ApplyScript.firstProbeNumber)
        script.verify(probe)
        return (script, probe)
    }

    private static func addHandlers(_ plan: HostPlan, _ script: inout ApplyScript, round: Int) {
        for (index, handler) in plan.handlers.enumerated() {
            guard let name = handler.declaration.name, let steps = plan.handlerSteps[index] else { continue }
            // One handler of a loop is several: the note stays until the last of them.
            let isLast = !plan.handlers[(index + 1)...].contains { $0.declaration.name == name }
            script.handler(
                ApplyRecord.handlerNumber(index, round: round), name: name, steps, strikesNote: isLast)
        }
    }
}
