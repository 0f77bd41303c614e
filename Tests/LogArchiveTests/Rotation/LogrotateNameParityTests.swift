import Base
import Glibc
import TestKit
import Testing

@testable import LogArchive

/// The real logrotate rotates a log of each definition by force; the imported rule gives the generation the same name.
@Suite("We call generations as the real logrotate does", .tags(.logrotate), .enabled(if: RealLogrotate.isThere))
struct LogrotateNameParityTests {
    static let definitions = [
        "", "start 5", "start 0\nextension .log", "extension .txt", "addextension .old", "addextension .log",
        "addextension .log\nextension .lo", "addextension .old\nextension .log", "dateext", "dateext\nhourly",
        "dateext\ndateformat .%Y-%m-%d_%H", "dateext\ndateformat %Y%m%d", "dateext\ndateyesterday",
        "dateext\ndatehourago\nhourly",
        "dateext\ndateyesterday\ndateformat -%Y%m%d%H", "dateext\ndatehourago\ndateyesterday\ndateformat -%d",
        "dateext\nextension .log", "dateext\nextension .log\ndateformat _%V-%Y", "dateext\ndateformat -%Q%%%Z%d%",
        "dateext\ndateformat   -%d", "olddir old\ncreateolddir 700 root root", "copytruncate\ndateext", "copy\nstart 3",
        "nodateext\ndateformat -%d", "hourly\ndateext\ndateformat -%m", "renamecopy\nstart 2",
    ]

    @Test("the first generation", .timeLimit(.minutes(1)))
    func names() async throws {
        let calendar = SystemCalendar()
        var now = SystemTime().wallNow()
        var folder = try TemporaryFolder()
        repeat {
            folder = try TemporaryFolder()
            now = SystemTime().wallNow()
            try await rotate(folder)
        } while calendar.civil(now).hour != calendar.civil(SystemTime().wallNow()).hour
        let rules = try LogrotateImport.read("\(folder.path)/conf").rules
        try #require(rules.count == LogrotateNameParityTests.definitions.count)
        for (index, rule) in rules.enumerated() {
            let log = "\(folder.path)/\(index)/my.log"
            let name = GenerationName(log: log, rule.settings.rotate, calendar: calendar)
            let path = name.path(at: now, token: 0)
            let found = (LogrotateTaboo.names(in: name.folder) ?? []).filter { $0.hasPrefix("my") && $0 != "my.log" }
            #expect(found.map { "\(name.folder)/\($0)" } == [path], "\(LogrotateNameParityTests.definitions[index])")
            #expect(found.allSatisfy { name.generation($0) != nil }, "\(found) is not seen as a generation")
        }
    }

    private func rotate(_ folder: TemporaryFolder) async throws {
        var text = "rotate 3\ncreate\n"
        for (index, definition) in LogrotateNameParityTests.definitions.enumerated() {
            mkdir("\(folder.path)/\(index)", 0o700)
            try folder.write("\(index)/my.log", "one line\n")
            text += "\(folder.path)/\(index)/my.log {\n\(definition)\n}\n"
        }
        let file = try folder.write("conf", text)
        let run = try await ChildProcess.run(
            RealLogrotate.path, ["--force", "--state", "\(folder.path)/state", file], folder: folder.path)
        try #require(run.code == 0, "\(run.errors)")
    }
}
