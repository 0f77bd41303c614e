import Base
import LogArchive
import TestKit
import Testing

@Suite struct JournalTests {
    private let disk = SimulatedDisk(power: Power(seed: 1), time: ManualTime(), collapses: true)

    init() { disk.makeFolder("/state") }

    private func open() throws -> Journal { try Journal(try disk.folder("/state", as: nil), reserve: 256) }

    private func log(_ path: String, _ second: Int64) -> Record {
        Record("log", [("path", path), ("at", "\(second * 1_000_000_000)"), ("rotated", "1")])
    }

    private func change(_ body: (inout [UInt8]) -> Void) {
        disk.peek { state in
            guard let file = state.folders["/state"]?["journal"] else { return }
            body(&file.bytes)
        }
    }

    @Test func whatWasRecordedIsThereAgain() throws {
        try open().record([log("/a", 5), log("/b", 6)])
        let journal = try open()
        #expect(journal.state.logs.keys.sorted() == ["/a", "/b"])
        #expect(journal.damagedLines == 0)
    }

    @Test func aTornLastLineIsCutOffAndTheNextFollows() throws {
        try open().record([log("/a", 5)])
        try open().record([log("/b", 6)])
        change { bytes in
            let end = bytes.lastIndex { $0 != 0 } ?? 0
            for index in (end - 10)...end { bytes[index] = 0 }
        }
        let journal = try open()
        #expect(journal.state.logs.keys.sorted() == ["/a"])
        try journal.record([log("/c", 7)])
        #expect(try open().state.logs.keys.sorted() == ["/a", "/c"])
    }

    @Test func aDamagedLineBetweenOthersIsSkippedCountedAndKept() throws {
        try open().record([log("/a", 5), log("/b", 6), log("/c", 7)])
        change { bytes in
            guard let place = bytes.firstRange(of: Array("/b".utf8)) else { return }
            bytes[place.lowerBound + 1] = UInt8(ascii: "x")
        }
        let journal = try open()
        #expect(journal.state.logs.keys.sorted() == ["/a", "/c"])
        #expect(journal.damagedLines == 1)
        #expect(disk.content("/state/journal.damaged") != nil)
    }

    /// One that was whole: blocks that never came would be zero.
    @Test func aDamagedLastLineIsCounted() throws {
        try open().record([log("/a", 5), log("/b", 6)])
        change { bytes in
            guard let place = bytes.firstRange(of: Array("/b".utf8)) else { return }
            bytes[place.lowerBound + 1] = UInt8(ascii: "x")
        }
        let journal = try open()
        #expect(journal.state.logs.keys.sorted() == ["/a"] && journal.damagedLines == 1)
        try journal.record([log("/c", 7)])
        #expect(try open().state.logs.keys.sorted() == ["/a", "/c"])
    }

    @Test func whatStandsBehindAHoleIsRead() throws {
        try open().record([log("/a", 5), log("/b", 6), log("/c", 7)])
        change { bytes in
            guard let place = bytes.firstRange(of: Array("/b".utf8)) else { return }
            for index in (place.lowerBound - 10)..<(place.lowerBound + 20) { bytes[index] = 0 }
        }
        let journal = try open()
        #expect(journal.state.logs.keys.sorted() == ["/a", "/c"] && journal.damagedLines > 0)
        #expect(disk.content("/state/journal.damaged") != nil)
        #expect(try open().damagedLines == 0, "it is told once")
        try open().record([log("/d", 8)])
        #expect(try open().state.logs.keys.sorted() == ["/a", "/c", "/d"])
    }

    @Test func anEmptyFileWasAJournal() throws {
        try open().record([log("/a", 5)])
        change { $0.removeAll() }
        #expect(try open().damagedLines == 1)
        #expect(try open().damagedLines == 0)
    }

    @Test func aJournalOfALaterVersionIsRefused() throws {
        _ = try open()
        change { $0.replaceSubrange(18..<19, with: [UInt8(ascii: "9")]) }
        let error = #expect(throws: ApusError.self) { try open() }
        #expect(error?.code == "journal-version")
    }

    @Test func whatIsNoJournalIsNotOverwritten() throws {
        _ = try open()
        change { $0[0] = UInt8(ascii: "x") }
        let error = #expect(throws: ApusError.self) { try open() }
        #expect(error?.code == "journal-damaged")
    }

    @Test func aWriteThatFailsLeavesNothing() throws {
        let journal = try open()
        disk.peek { $0.full = true }
        let error = #expect(throws: ApusError.self) { try journal.record([self.log("/a", 5)]) }
        #expect(error?.code == "disk-full")
        #expect(journal.state.logs.isEmpty)
        disk.peek { $0.full = false }
        try journal.record([log("/b", 6)])
        #expect(try open().state.logs.keys.sorted() == ["/b"])
    }

    @Test func readingChangesNothing() throws {
        try open().record([log("/a", 5)])
        let before = disk.content("/state/journal")
        let journal = try Journal(reading: try disk.folder("/state", as: nil))
        #expect(journal.state.logs.keys.sorted() == ["/a"])
        #expect(throws: ApusError.self) { try journal.record([self.log("/b", 6)]) }
        #expect(disk.content("/state/journal") == before)
    }

    @Test func aLongHistoryIsWrittenAnew() throws {
        for second in 0..<200 { try open().record([log("/a", Int64(second))]) }
        let size = disk.content("/state/journal")?.prefix { $0 != 0 }.count ?? 0
        #expect(size < 10_000, "200 records of one log are a few lines: \(size) bytes")
        #expect(try open().state.logs["/a"]?.lastRotation == WallInstant(secondsSince1970: 199))
    }
}
