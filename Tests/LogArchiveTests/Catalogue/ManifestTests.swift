import Base
import LogArchive
import ObjectStore
import TestKit
import Testing

@Suite struct ManifestTests {
    private static let line = #"""
        {"v":1,"generation":"18bd542b28099966","host":"web1","log":"/var/log/a \"b\".log","rule":"app","rotated":"2026-11-28T13:45:00.000Z","key":"web1/x.log.zst","size":10,"lines":2,"sha256":"00","first":null,"last":"2026-11-28T13:44:00.000Z","storedSize":5,"digest":"sha256:1","compression":"zstd","encryptionKey":null,"tags":{"a":"b"}}
        """#

    @Test func aLineComesBackAsItWas() throws {
        let entry = try ManifestEntry(parsing: Array(ManifestTests.line.utf8))
        #expect(entry.log == #"/var/log/a "b".log"#)
        #expect(entry.tags == ["a": "b"])
        #expect(entry.first == nil)
        #expect(entry.last?.rfc3339 == "2026-11-28T13:44:00.000Z")
    }

    /// Whatever stands in a store: each line is an entry or an error of its own, and nothing else happens.
    @Test func damagedLinesAreToldAndTheOthersRead() async throws {
        let store = SimulatedStore(power: Power(seed: 1))
        let good = ManifestTests.line
        let lines = [good, "{", "", good.replacing("18bd542b28099966", with: "18bd542b28099967"), "[1]", "null"]
        _ = try await store.putObject(
            "apus-manifest/web1/2026-11-28.jsonl", Array(lines.joined(separator: "\n").utf8), ObjectAttributes())
        var damaged: [String] = []
        let entries = try await Manifest(store: store).entries(host: "web1") { damaged.append($0) }
        #expect(entries.map(\.generation) == ["18bd542b28099966", "18bd542b28099967"])
        #expect(damaged.count == 3)
    }

    @Test func anEntryIsNotedOnceAndItsChangeReplacesIt() async throws {
        let store = SimulatedStore(power: Power(seed: 1))
        let manifest = Manifest(store: store)
        var entry = try ManifestEntry(parsing: Array(ManifestTests.line.utf8))
        try await manifest.note(entry)
        try await manifest.note(entry)
        entry.digest = "sha256:2"
        try await manifest.note(entry)
        let entries = try await manifest.entries()
        #expect(entries.count == 1)
        #expect(entries.first?.digest == "sha256:2")
    }

    @Test func twoWritersOfOneDayLoseNothingOfEachOther() async throws {
        let store = SimulatedStore(power: Power(seed: 1))
        let first = try ManifestEntry(parsing: Array(ManifestTests.line.utf8))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    var entry = first
                    entry.generation = "18bd542b2809990\(number)"
                    try await Manifest(store: store).note(entry)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await Manifest(store: store).entries().count == 8)
    }

    @Test func anythingCanBeALine() {
        var random = SeededGenerator(seed: 5)
        let original = Array(ManifestTests.line.utf8)
        for _ in 0..<3_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1..<6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
                if Bool.random(using: &random) { bytes.removeSubrange(place..<min(bytes.count, place + 3)) }
            }
            do {
                _ = try ManifestEntry(parsing: bytes)
            } catch let error as ApusError {
                #expect(error.code.hasPrefix("manifest"))
            } catch {
                Issue.record("\(error)")
            }
        }
    }
}
