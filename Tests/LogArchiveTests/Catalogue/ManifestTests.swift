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

    /// The writers of one process wait for each other and go together: far fewer writes than lines.
    @Test func manyOfOneProcessAreWrittenTogether() async throws {
        let store = SimulatedStore(power: Power(seed: 1))
        let counting = CountingStore(store)
        let writer = ManifestWriter()
        let first = try ManifestEntry(parsing: Array(ManifestTests.line.utf8))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    var entry = first
                    entry.generation = "18bd542b28099\(number + 100)"
                    try await writer.note(entry, Manifest(store: counting))
                }
            }
            try await group.waitForAll()
        }
        #expect(try await Manifest(store: store).entries().count == 200)
        // At least one try each without taking turns.
        #expect(counting.writes < 200)
        #expect(counting.reads <= 2, "what was written last is known")
        // Another host's process changes it in between: nothing of either is lost.
        var other = first
        other.generation = "18bd542b2809aaaa"
        try await Manifest(store: store).note(other)
        other.generation = "18bd542b2809bbbb"
        try await writer.note(other, Manifest(store: counting))
        #expect(try await Manifest(store: store).entries().count == 202)
    }

    /// A full object is followed by the next, and a generation's line stays in the one that has it.
    @Test func aFullManifestIsFollowedByTheNext() async throws {
        let store = SimulatedStore(power: Power(seed: 1))
        let writer = ManifestWriter()
        let manifest = Manifest(store: store)
        let full = ManifestTests.line + "\n" + String(repeating: "x", count: 4 << 20) + "\n"
        _ = try await store.putObject("apus-manifest/web1/2026-11-28.jsonl", Array(full.utf8), ObjectAttributes())
        var entry = try ManifestEntry(parsing: Array(ManifestTests.line.utf8))
        // Shorter, so that there would be room again.
        entry.digest = ""
        try await writer.note(entry, manifest)
        for number in 0..<2 {
            entry.generation = "18bd542b2809aaa\(number)"
            try await writer.note(entry, manifest)
        }
        let objects = store.peek { $0.objects.mapValues { $0.bytes.split(separator: UInt8(ascii: "\n")).count } }
        #expect(objects == ["apus-manifest/web1/2026-11-28.jsonl": 2, "apus-manifest/web1/2026-11-28.2.jsonl": 2])
    }

    @Test func aFailureIsToldToAllWhomItConcerns() async throws {
        let store = CountingStore(SimulatedStore(power: Power(seed: 1)))
        store.fails(true)
        let writer = ManifestWriter()
        let first = try ManifestEntry(parsing: Array(ManifestTests.line.utf8))
        await #expect(throws: ApusError.self) { try await writer.note(first, Manifest(store: store)) }
        store.fails(false)
        try await writer.note(first, Manifest(store: store))
        #expect(try await Manifest(store: store).entries() == [first])
    }

    @Test func aDoubledLineCountsOnceAndIsToldWhereItDiffers() async throws {
        let store = SimulatedStore(power: Power(seed: 1))
        let (line, key) = (ManifestTests.line, "apus-manifest/web1/2026-11-28.jsonl")
        func read(_ lines: [String]) async throws -> (count: Int, told: Int) {
            _ = try await store.putObject(key, Array(lines.joined(separator: "\n").utf8), ObjectAttributes())
            var told = 0
            return (try await Manifest(store: store).entries { _ in told += 1 }.count, told)
        }
        #expect(try await read([line, line]) == (1, 0))
        #expect(try await read([line, line.replacing("\"size\":10", with: "\"size\":11")]) == (1, 1))
    }

    /// A line names files and sizes: none that lead elsewhere or overflow.
    @Test(arguments: [
        (#""18bd542b28099966""#, #""../../etc/passwd""#), ("\"size\":10", "\"size\":9223372036854775807"),
        ("\"storedSize\":5", "\"storedSize\":9223372036854775807"),
    ]) func aMaliciousLineIsDamaged(old: String, new: String) {
        let line = ManifestTests.line.replacing(old, with: new)
        #expect(throws: ApusError.self) { try ManifestEntry(parsing: Array(line.utf8)) }
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
