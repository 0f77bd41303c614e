import Base
import Settings
import TestKit
import Testing

@testable import Daemon

@Suite struct GenerationHistoryTests {
    private static let reason = RollbackReason(.alert, "x")

    private func file(_ hosts: String, log: String = "info") throws -> SettingsFile {
        let references = FixedReferences(environment: [:], files: [:])
        let text = "admin: { hosts: [\(hosts)] }\nlog: { level: \(log) }\n"
        let loader = ConfigurationLoader(components: [], references: references)
        return try #require(loader.schema.read(Array(text.utf8), file: "x.yaml", references: references).file)
    }

    private func at(_ seconds: Int64) -> WallInstant { WallInstant(secondsSince1970: 1_700_000_000 + seconds) }

    private func refusal(_ history: GenerationHistory, _ source: RollbackRequest.Source, _ now: WallInstant) -> String?
    {
        do throws(RollbackRefusal) {
            _ = try history.target(for: source, now: now)
            return nil
        } catch {
            return error.why
        }
    }

    @Test func onlyTheLastFewAreKept() throws {
        var history = GenerationHistory()
        #expect(refusal(history, .person, at(0)) == "nothing runs yet")
        for number in 1...10 {
            history.took(try file("h\(number)"), generation: number, at: at(Int64(number)))
            // Read again without a change: no generation of its own.
            history.took(try file("h\(number)"), generation: number, at: at(Int64(number) + 1))
        }
        #expect(history.earlier.map(\.generation) == [9, 8, 7])
        #expect(history.current?.since == at(10))
        #expect(try history.target(for: .person, now: at(20)).generation == 9)
    }

    /// What came between the settings that are put back and those that are rejected is forgotten.
    @Test func whatIsPutBackIsTheNewestThen() throws {
        var history = GenerationHistory()
        history.took(try file("a"), generation: 1, at: at(1))
        history.took(try file("b"), generation: 2, at: at(2))
        history.took(try file("b", log: "debug"), generation: 3, at: at(3))
        let admin = try #require(history.current?.file.fingerprint(of: "admin"))
        let target = try history.target(for: .component(name: "admin", fingerprint: admin), now: at(4))
        #expect(target.generation == 1)
        history.putBack(target, generation: 4, reason: GenerationHistoryTests.reason, at: at(4))
        #expect(history.earlier.isEmpty && history.current?.generation == 4)
        #expect(try history.isRejected(file("b", log: "debug")))
        #expect(try !history.isRejected(file("b")))
        #expect(refusal(history, .person, at(5))?.hasPrefix("what runs was itself put back") == true)
        #expect(
            refusal(history, .component(name: "admin", fingerprint: admin), at(5))?
                .hasPrefix("what runs was itself put back") == true)
        history.took(try file("c"), generation: 5, at: at(6))
        #expect(try history.target(for: .person, now: at(7)).generation == 4)
        #expect(
            refusal(history, .component(name: "admin", fingerprint: admin), at(7))
                == "admin runs with other settings by now")
    }

    /// When the alert began and when it is told, in seconds after the reload at 100; the window is 60 s.
    @Test(
        arguments: [
            (1, 1, nil), (0, 0, nil), (30, 60, nil), (nil, 10, nil), (-1, 10, "before what runs was loaded"),
            (-3600, 1, "before what runs was loaded"), (1, 61, "longer ago than admin.rollback.window"),
            (nil, 61, "longer ago than admin.rollback.window"),
        ] as [(Int64?, Int64, String?)])
    func anAlertIsHeldAgainstWhatWasLoadedShortlyBefore(began: Int64?, told: Int64, why: String?) throws {
        var history = GenerationHistory()
        history.took(try file("a"), generation: 1, at: at(0))
        history.took(try file("b"), generation: 2, at: at(100))
        let source = RollbackRequest.Source.alert(began: began.map { at(100 + $0) }, window: .seconds(60))
        let refusal = refusal(history, source, at(100 + told))
        #expect((refusal == nil) == (why == nil), "\(refusal ?? "")")
        if let why { #expect(refusal?.contains(why) == true, "\(refusal ?? "")") }
    }

    @Test func aReasonIsCut() {
        let long = RollbackReason(.alert, String(repeating: "x", count: 10_000))
        #expect(long.text.count == RollbackReason.lengthLimit + 1)
    }
}
