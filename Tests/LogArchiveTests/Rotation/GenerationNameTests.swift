import Base
import TestKit
import Testing

@testable import LogArchive

@Suite("Names of generations")
struct GenerationNameTests {
    static let now = moment("2026-11-28 13:45:06")

    struct Case: Sendable, CustomTestStringConvertible {
        let wanted: String
        let log: String
        let change: @Sendable (inout RotateSettings) -> Void

        init(
            _ wanted: String, log: String = "/var/log/access.log",
            _ change: @escaping @Sendable (inout RotateSettings) -> Void
        ) {
            self.wanted = wanted
            self.log = log
            self.change = change
        }

        var testDescription: String { wanted }
    }

    static let cases = [
        Case("/var/log/access.log-20261128T134506Z-005f") { _ in },
        Case("/var/log/access-20261128T134506Z-005f.log") { $0.fileExtension = ".log" },
        Case("/var/log/access.log-20261128") { $0.naming = .date },
        Case("/var/log/access.log-2026112813") {
            $0.naming = .date
            $0.every = .hour
        },
        Case("/var/log/access.log.2026-11-28_13:45:06 W48 %Q %") {
            $0.naming = .date
            $0.dateFormat = ".%Y-%m-%d_%H:%M:%S W%V %Q %%"
        },
        Case("/var/log/access.log-1795873506-UTC") {
            $0.naming = .date
            $0.dateFormat = "-%s-%Z"
        },
        Case("/var/log/access.log-20261127-1245") {
            $0.naming = .date
            $0.dateOf = .yesterday
            $0.dateFormat = "-%Y%m%d-%H%M"
        },
        Case("/var/log/access.log-2026112812") {
            $0.naming = .date
            $0.dateOf = .hourAgo
            $0.every = .hour
        },
        Case("/var/log/old/access-20261128.log") {
            $0.naming = .date
            $0.oldDir = "old"
            $0.fileExtension = ".log"
        },
        Case("/srv/old/mail-20261128.done", log: "/var/log/mail") {
            $0.naming = .date
            $0.oldDir = "/srv/old"
            $0.addExtension = ".done"
        },
        Case("/var/log/access-20261128.log") {
            $0.naming = .date
            $0.addExtension = ".log"
        },
        Case("/x.1.y", log: "/x.y") {
            $0.naming = .number
            $0.fileExtension = ".y"
        },
    ]

    @Test("by naming, extension and folder", arguments: cases)
    func names(_ table: Case) {
        var settings = RotateSettings()
        table.change(&settings)
        let name = GenerationName(log: table.log, settings, calendar: FixedCalendar())
        #expect(name.path(at: GenerationNameTests.now, token: 0x5F) == table.wanted)
        // Each is found again, with what compression and encryption append.
        let file = String(table.wanted.split(separator: "/").last ?? "")
        for suffix in ["", ".zst", ".gz.enc", ".zst.enc.part"] {
            #expect(name.generation(file + suffix)?.name == file + suffix, "\(file + suffix)")
        }
        #expect(name.generation(String(table.log.split(separator: "/").last ?? "")) == nil)
    }

    @Test("a name that is taken gets a number")
    func attempts() throws {
        var settings = RotateSettings()
        settings.naming = .date
        let name = GenerationName(log: "/l/a", settings, calendar: FixedCalendar())
        #expect(name.path(at: GenerationNameTests.now, token: 0, attempt: 2) == "/l/a-20261128.3")
        #expect(name.generation("a-20261128.3")?.stamp == .time(moment("2026-11-28 00:00"), count: 3))
        #expect(name.path(number: 7) == "/l/a.7")
    }

    struct Found: Sendable, CustomTestStringConvertible {
        let file: String
        let stamp: GenerationStamp?
        var format: String?

        var testDescription: String { file }
    }

    static let found = [
        Found(file: "access.log.1", stamp: .number(1)), Found(file: "access.log.2.gz", stamp: .number(2)),
        Found(file: "access.log.10.xz", stamp: .number(10)), Found(file: "access.1.log", stamp: .number(1)),
        Found(file: "access.log-20260101.gz", stamp: .time(moment("2026-01-01 00:00"), count: 1)),
        Found(file: "access.log-2026010113", stamp: .time(moment("2026-01-01 13:00"), count: 1)),
        Found(file: "access.log-20260101T000001Z-00ff.zst.enc", stamp: .time(moment("2026-01-01 00:00:01"), count: 1)),
        Found(file: "access.log_2026-01-02", stamp: .time(moment("2026-01-02 00:00"), count: 1), format: "_%Y-%m-%d"),
        Found(file: "access.log1767225600", stamp: .time(moment("2026-01-01 00:00"), count: 1), format: "%s"),
        Found(file: "access.log", stamp: nil), Found(file: "access.log.gz", stamp: nil),
        Found(file: "access.log.x", stamp: nil), Found(file: "access.log.1x", stamp: nil),
        Found(file: "access.log-20261301", stamp: nil), Found(file: "access.log-2026", stamp: nil),
        Found(file: "error.log.1", stamp: nil), Found(file: "access.log.1.1", stamp: nil),
        Found(file: "access.log.12345678901", stamp: nil), Found(file: "access.log-20260101T000001Z-00FF", stamp: nil),
        Found(file: "access.log-99991231", stamp: nil), Found(file: "access.log-00000101T000000Z-0000", stamp: nil),
        Found(file: "access.log9999999999", stamp: nil, format: "%s"),
        Found(file: "", stamp: nil), Found(file: ".1", stamp: nil), Found(file: "access.log.", stamp: nil),
    ]

    @Test("what others left in the folder", arguments: found)
    func recognised(_ table: Found) {
        var settings = RotateSettings()
        settings.fileExtension = ".log"
        settings.dateFormat = table.format
        settings.naming = .date
        let name = GenerationName(log: "/var/log/access.log", settings, calendar: FixedCalendar())
        #expect(name.generation(table.file)?.stamp == table.stamp)
    }

    @Test(
        "the week is that of ISO 8601",
        arguments: [
            ("2026-01-01", 1), ("2027-01-01", 53), ("2027-01-04", 1), ("2024-12-30", 1), ("2026-12-31", 53),
            ("2023-01-01", 52),
        ] as [(String, Int64)])
    func week(date: String, week: Int64) {
        #expect(DateFormat.isoWeek(moment(date).wholeSeconds / 86_400) == week)
    }

    @Test("any name is parsed without harm, and what is made is found", arguments: 0..<UInt64(20))
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            ".log", "-", ".", "access", "20261128", "T134506Z", "-005f", ".gz", ".enc", "1", "%", "\u{E9}", " ",
        ]
        for _ in 0..<200 {
            func text(_ most: Int) -> String {
                (0..<Int.random(in: 1...most, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
                    .joined()
            }
            var settings = RotateSettings()
            settings.naming = RotateSettings.Naming.allCases.randomElement(using: &random) ?? .time
            settings.fileExtension = Bool.random(using: &random) ? text(2) : nil
            settings.addExtension = Bool.random(using: &random) ? text(2) : nil
            let log = text(4)
            let name = GenerationName(log: "/l/" + log, settings, calendar: FixedCalendar())
            let made = String(name.path(at: GenerationNameTests.now, token: 1, attempt: 1).dropFirst(3))
            #expect(name.generation(made) != nil, "seed \(seed): \(made) of \(log)")
            #expect(
                GenerationFilter.logs(among: [log, made], settings, calendar: FixedCalendar()).contains(made) == false,
                "seed \(seed): \(made) of \(log), \(settings.fileExtension ?? "-") \(settings.addExtension ?? "-")")
        }
    }
}

@Suite("Globs do not find generations")
struct GenerationFilterTests {
    private func logs(_ names: [String], _ change: (inout RotateSettings) -> Void = { _ in }) -> [String] {
        var settings = RotateSettings()
        change(&settings)
        return GenerationFilter.logs(among: names, settings, calendar: FixedCalendar())
    }

    @Test("beside their log, or when no writer would call a log so")
    func filter() {
        #expect(
            logs([
                "access.log", "access.log.1", "access.log.2.gz", "access.log-20260101",
                "access.log-20260101T000000Z-0001.zst",
                "access.log.zst.part", "error.log", "gone.log.1", "gone.log-20260101.gz",
                "gone.log-20260101T000000Z-0001",
            ]) == ["access.log", "error.log"])
    }

    @Test("what programs call their logs stays")
    func kept() {
        let names = [
            "app-20260101.log", "app-20260101", "catalina.2026-01-01.log", "Xorg.0.log", "x.gz", "python3.11", "a-b-c",
        ]
        #expect(logs(names) == names.filter { $0 != "python3.11" }, "a number at the end is a generation's")
        #expect(logs(["app-20260101", "app"]) == ["app"])
    }

    @Test("with the rule's own format and extension")
    func formats() {
        #expect(
            logs(["test.log", "test.log2026-01-01", "test.log2026-01-01.gz", "b.log"]) {
                $0.naming = .date
                $0.dateFormat = "%Y-%m-%d"
            } == ["test.log", "b.log"])
        #expect(
            logs(["my.log", "my.1.log", "my_2026.log"]) {
                $0.fileExtension = ".log"
                $0.naming = .date
                $0.dateFormat = "_%Y"
            } == ["my.log"])
    }

    @Test("a folder of many names is soon looked through", .timeLimit(.minutes(1)))
    func many() {
        let names = (0..<10_000).map { "a-b.c-d.log.\($0).gz" } + ["a-b.c-d.log"]
        #expect(logs(names) == ["a-b.c-d.log"])
    }

    @Test("a log that is gone for a moment is known")
    func known() {
        let found = GenerationFilter.logs(
            among: ["app-20260101"], RotateSettings(), known: ["app"], calendar: FixedCalendar())
        #expect(found.isEmpty)
    }
}
