import Base
import Testing

@testable import LogArchive

@Suite("logrotate's state file")
struct LogrotateStatusTests {
    private static let title = "logrotate state -- version 2\n"

    private func read(_ text: String, zone hours: Int = 0) throws -> LogrotateStatus {
        try LogrotateStatus(
            Array(text.utf8), file: "status", calendar: FixedCalendar(offsetSeconds: hours * 3600))
    }

    @Test(
        arguments: [
            ("\"/a.log\" 2026-11-28-6:25:1", "/a.log", 1_795_847_101),
            ("\"/a.log\" 2026-11-28", "/a.log", 1_795_824_000), ("/a.log 2026-11-28", "/a.log", 1_795_824_000),
            ("\"/a.log\" 2026-1-2-3", "/a.log", 1_767_322_800),
            (#""/a \"b\\c\nd" 1970-1-1-0:0:7"#, "/a \"b\\c\nd", 7), ("\"/a\" 1900-1-1", "/a", 0),
        ])
    func lines(line: String, log: String, seconds: Int64) throws {
        let status = try read(LogrotateStatusTests.title + line + "\n")
        #expect(status.rotations == [.init(log: log, at: WallInstant(secondsSince1970: seconds))])
        #expect(status.problems.isEmpty)
    }

    @Test func timesAreThoseOfThisHost() throws {
        let status = try read("logrotate state -- version 1\n\n\"/a\" 2026-11-28-6:25:1\n", zone: 2)
        #expect(status.rotations.map(\.at) == [WallInstant(secondsSince1970: 1_795_847_101 - 7200)])
    }

    @Test(
        arguments: [
            "\"/a", "\"/a\"", "\"/a\" 2026", "\"/a\" 2026-13-1", "\"/a\" 2026-11-28-24:0:0", "\"a\" 2026-11-28", "x",
            "\"/a\" 99999999999999999999-1-1", "\"/a\" 2026-11-28-6:25:1 more", "\"/a\" 2026-11-28-6:25:1:9",
        ])
    func aBadLineIsToldAndTheRestGoesOn(line: String) throws {
        let status = try read(LogrotateStatusTests.title + line + "\n\"/b\" 2026-11-28\n")
        #expect(status.rotations.map(\.log) == ["/b"])
        #expect(status.problems.count == 1 && status.problems.first?.hasPrefix("status:2:1: ") == true)
    }

    @Test(arguments: ["", "x", "logrotate state -- version 3\n"]) func anotherFileIsRefused(text: String) {
        #expect(throws: ApusError.self) { try read(text) }
    }
}
