import Settings
import TestKit
import Testing

@testable import HostSync

@Suite struct HostPlannerTests {
    private func tasks(_ resources: String, handlers: String = "[]") throws -> HostTasks {
        let text = "hosts: { a: {} }\nresources:\n\(resources)\nhandlers: \(handlers)\n"
        let loaded = try SiteReader.read(Array(text.utf8), file: "site.yaml", options: SiteReader.Options())
        let host = try #require(loaded.site.inventory.hosts.first)
        var expansion = HostExpansion(host: host, site: loaded, facts: nil, tags: TagSelection())
        return try expansion.expand(loaded.site.plays[0])
    }

    private func words(_ plan: HostPlan) -> [String] {
        plan.items.map { item in
            switch item.verdict {
            case .same: "same"
            case .change: "change"
            case .deferred: "deferred"
            case .failed: "failed"
            case .skipped: "skipped"
            }
        }
    }

    /// A link where a file is declared cannot be brought about without being told so.
    private static let linked = "  - { name: first, file: { path: /a, content: x } }\n"
    private static var answer: ProbeAnswer {
        var answer = ProbeAnswer()
        answer.paths["/a"] = .present(PathStatus(kind: .link, mode: 0o777, target: "/etc/shadow"))
        return answer
    }

    @Test func stopsAtTheFirstFailure() throws {
        let tasks = try tasks(HostPlannerTests.linked + "  - file: { path: /b, content: y }\n")
        #expect(words(HostPlanner().plan(tasks, HostPlannerTests.answer)) == ["failed", "skipped"])
        var planner = HostPlanner()
        planner.keepsGoing = true
        #expect(words(planner.plan(tasks, HostPlannerTests.answer)) == ["failed", "change"])
    }

    /// What is missing now may come with a package, and is decided when that is there.
    @Test func waitsForWhatACommandMayBring() throws {
        let line = "  - line: { path: /b, line: y }\n"
        let brings = "  - command: { run: x, creates: /c }\n"
        #expect(words(HostPlanner().plan(try tasks(line), ProbeAnswer())) == ["failed"])
        #expect(words(HostPlanner().plan(try tasks(brings + line), ProbeAnswer())) == ["change", "deferred"])
        #expect(words(HostPlanner().plan(try tasks(line + brings), ProbeAnswer())) == ["failed", "skipped"])
        var planner = HostPlanner()
        planner.done = [0]
        #expect(
            words(planner.plan(try tasks("  - command: { run: x }\n" + line), ProbeAnswer())) == ["same", "failed"])
    }

    @Test(arguments: [
        ("file: { path: /a, content: x }", "absent: { path: /a }", true),
        ("absent: { path: /a }", "line: { path: /a, line: x }", true),
        ("absent: { path: /a }", "absent: { path: /a }", false), ("absent: { path: /a }", "file: { path: /b }", false),
    ])
    func whatUndoesEachOtherIsRefused(first: String, second: String, isRefused: Bool) throws {
        let text = "  - \(first)\n  - \(second)\n"
        if isRefused {
            let refused = #expect(throws: SiteRefused.self) { try tasks(text) }
            #expect(refused?.complaints.first?.message.contains("undo each other") == true)
        } else {
            _ = try tasks(text)
        }
    }

    @Test func skipsWhatRequiresAFailedOne() throws {
        let tasks = try tasks(
            HostPlannerTests.linked + "  - { name: second, requires: first, file: { path: /b } }\n"
                + "  - { requires: [second], file: { path: /c } }\n  - file: { path: /d }\n")
        var planner = HostPlanner()
        planner.keepsGoing = true
        #expect(words(planner.plan(tasks, HostPlannerTests.answer)) == ["failed", "skipped", "skipped", "change"])
    }

    @Test func runsHandlersThatADeadRunHasLeft() throws {
        let tasks = try tasks("  - file: { path: /a }\n", handlers: "[{ name: h, command: { run: x } }]")
        var answer = ProbeAnswer()
        answer.paths["/a"] = .present(PathStatus(kind: .file, mode: 0o644))
        #expect(!HostPlanner().plan(tasks, answer).hasWork)
        answer.queries[HandlerJournal.query.name] = ("h\nforgotten\n", 0)
        let plan = HostPlanner().plan(tasks, answer)
        #expect(plan.hasWork)
        #expect(plan.notified.compactMap(\.declaration.name) == ["h"])
        #expect(plan.unknownPending == ["forgotten"])
    }

    /// The second edit is made on what the first will have written, and insists on it.
    @Test func letsSeveralEditsOfOneFileStandInOnePlan() throws {
        let tasks = try tasks("  - line: { path: /a, line: b }\n  - line: { path: /a, line: c }\n")
        var answer = ProbeAnswer()
        answer.paths["/a"] = .present(
            PathStatus(kind: .file, mode: 0o644, size: 2, digest: ContentDigest.of(Array("a\n".utf8))))
        answer.contents["/a"] = Array("a\n".utf8)
        let plan = HostPlanner().plan(tasks, answer)
        let contents = plan.items.flatMap { item -> [Content] in
            if case .change(let comparison) = item.verdict { comparison.steps.contents } else { [] }
        }
        #expect(contents == [.bytes(Array("a\nb\n".utf8)), .bytes(Array("a\nb\nc\n".utf8))])
        guard case .change(let second) = plan.items[1].verdict else { return }
        #expect(second.steps.lines.joined().contains(ContentDigest.of(Array("a\nb\n".utf8))))
    }

    @Test func fingerprintsWhatItStandsOn() throws {
        let tasks = try tasks("  - file: { path: /a, content: x, mode: \"0600\" }\n")
        var answer = ProbeAnswer()
        let absent = PlanFingerprint.of(HostPlanner().plan(tasks, answer))
        #expect(absent == PlanFingerprint.of(HostPlanner().plan(tasks, answer)))
        answer.paths["/a"] = .present(
            PathStatus(kind: .file, mode: 0o644, size: 1, digest: ContentDigest.of(Array("y".utf8))))
        let other = PlanFingerprint.of(HostPlanner().plan(tasks, answer))
        #expect(other != absent)
        answer.paths["/a"] = .present(
            PathStatus(kind: .file, mode: 0o644, size: 1, digest: ContentDigest.of(Array("z".utf8))))
        #expect(PlanFingerprint.of(HostPlanner().plan(tasks, answer)) != other)
    }
}
