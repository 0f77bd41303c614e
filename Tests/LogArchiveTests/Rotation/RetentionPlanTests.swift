import Base
import TestKit
import Testing

@testable import LogArchive

@Suite("Which generations go")
struct RetentionPlanTests {
    static let now = moment("2026-05-10 00:00")

    /// `1`: one day old, 100 bytes; `s` stored, `w` waits to be stored.
    private func generation(_ text: String) -> RetentionPlan.Generation {
        let days = Int(text.filter(\.isNumber)) ?? 0
        return RetentionPlan.Generation(
            name: text, time: RetentionPlanTests.now.advanced(by: .seconds(-days * 86_400)), bytes: 100,
            needsStore: text.hasSuffix("s") || text.hasSuffix("w"), isStored: text.hasSuffix("s"))
    }

    struct Case: Sendable {
        let here: String
        let gone: String
        let held: String
        let change: @Sendable (inout RotateSettings) -> Void

        init(
            _ here: String, _ gone: String, held: String = "",
            _ change: @escaping @Sendable (inout RotateSettings) -> Void
        ) {
            self.here = here
            self.gone = gone
            self.held = held
            self.change = change
        }
    }

    static let cases = [
        Case("1 2 3", "") { _ in },
        Case("1s 2s 3w", "2s 1s") { _ in },
        Case("3 1 2", "3 2") { $0.keep = 1 },
        Case("1 2", "2 1") { $0.keep = 0 },
        Case("1s 2s", "") { $0.keep = 5 },
        Case("1w 2w 3s", "3s", held: "2w") { $0.keep = 1 },
        Case("1 2 3", "3") { $0.keepAge = .seconds(2 * 86_400 + 1) },
        Case("1s 2s 3s 4w", "3s", held: "4w") { $0.keepAge = .seconds(2 * 86_400) },
        Case("1 2 3 4", "4 3") { $0.keepBytes = ByteCount(250) },
        Case("1 2", "") { $0.keepBytes = ByteCount(200) },
        Case("1s 2s 3w", "2s 1s", held: "3w") { $0.keepBytes = ByteCount(150) },
        Case("1 2 3", "3 2 1") { $0.keepBytes = ByteCount(0) },
        Case("1 2 3 4", "4 3 2") {
            $0.keep = 3
            $0.keepAge = .seconds(86_400)
        },
        Case("", "") { $0.keep = 0 },
    ]

    @Test("oldest first, and never what is still to be stored", arguments: cases.indices)
    func plan(index: Int) {
        let table = RetentionPlanTests.cases[index]
        var settings = RotateSettings()
        table.change(&settings)
        let here = table.here.split(separator: " ").map { generation(String($0)) }
        let plan = RetentionPlan(here, settings, now: RetentionPlanTests.now)
        #expect(plan.deletions.map(\.name).joined(separator: " ") == table.gone, "\(plan.deletions)")
        #expect(plan.held.map(\.name).joined(separator: " ") == table.held)
    }

    @Test("whatever is asked for, what waits stays and what remains keeps the bounds", arguments: 0..<UInt64(10))
    func property(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let here = (0..<Int.random(in: 0...12, using: &random)).map { index in
                generation("\(index + 1)\(["", "s", "w"].randomElement(using: &random) ?? "")")
            }.shuffled(using: &random)
            var settings = RotateSettings()
            settings.keep = Bool.random(using: &random) ? Int.random(in: 0...12, using: &random) : nil
            settings.keepBytes =
                Bool.random(using: &random) ? ByteCount(Int64.random(in: 0...1200, using: &random)) : nil
            let plan = RetentionPlan(here, settings, now: RetentionPlanTests.now)
            let gone = Set(plan.deletions.map(\.name))
            let waiting = here.filter { $0.needsStore && !$0.isStored }.map(\.name)
            #expect(gone.isDisjoint(with: waiting), "seed \(seed)")
            let left = here.filter { !gone.contains($0.name) }
            let idle = left.filter { !waiting.contains($0.name) }
            if let keep = settings.keep { #expect(idle.count <= keep, "seed \(seed)") }
            if let most = settings.keepBytes {
                #expect(idle.isEmpty || left.reduce(0) { $0 + $1.bytes } <= most.bytes, "seed \(seed)")
            }
        }
    }
}
