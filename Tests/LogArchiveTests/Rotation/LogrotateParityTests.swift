import Base
import Glibc
import TestKit
import Testing

@testable import LogArchive

/// Would the real logrotate rotate this log now? One configuration with a definition for each case, one state file with the
/// dates, and `logrotate --debug`, which decides and does nothing. The same configuration is imported, and our schedule asked.
@Suite("We rotate when the real logrotate does", .tags(.logrotate), .enabled(if: RealLogrotate.isThere))
struct LogrotateParityTests {
    /// What may stand in a definition; each is tried with each age and each size.
    static let directives = [
        "hourly", "daily", "weekly", "weekly 1", "weekly 3", "weekly 6", "weekly 7", "monthly", "yearly", "size 100",
        "size 0",
        "size 1k", "", "daily\nminsize 100", "weekly 7\nmaxsize 100", "daily\nminsize 100\nmaxsize 1000",
        "daily\nminage 2",
        "daily\nminage 0\nmaxsize 0\nminsize 0", "size 100\nminage 2\nminsize 1000", "monthly\nmaxsize 99",
        "daily\nsize 100",
        "size 100\ndaily", "yearly\nminage 1\nmaxsize 500", "hourly\nminsize 101",
    ]
    /// Seconds before now of the last rotation; nil for a log that logrotate has not seen.
    static let ages: [Int?] = [
        nil, 0, 600, 3600, 7200, 43_200, 86_400, 2 * 86_400, 4 * 86_400, 6 * 86_400, 7 * 86_400, 8 * 86_400,
        27 * 86_400,
        32 * 86_400, 300 * 86_400, 370 * 86_400, -30 * 3600, -40 * 86_400,
    ]
    static let sizes: [Int64] = [0, 99, 100, 1024, 2 << 20]
    /// Days before now at which the log was written to.
    static let modifications = [0, 1, 2, 3]

    struct Log {
        let path: String
        let definition: String
        let age: Int?
        let size: Int64
        let modified: Int
    }

    @Test("as it is", .timeLimit(.minutes(3)), arguments: ["ifempty", "notifempty"])
    func decisions(empty: String) async throws {
        try await compare(global: empty, arguments: [])
    }

    @Test("by force", .timeLimit(.minutes(3)), arguments: ["ifempty", "notifempty"])
    func forced(empty: String) async throws {
        try await compare(global: empty, arguments: ["--force"])
    }

    private func compare(global: String, arguments: [String]) async throws {
        let folder = try TemporaryFolder()
        let calendar = SystemCalendar()
        var now = SystemTime().wallNow()
        var said = ""
        var logs: [Log] = []
        // Both have to look at the same hour.
        repeat {
            now = SystemTime().wallNow()
            logs = try makeLogs(folder, now)
            let text = global + "\nrotate 2\n" + logs.map(\.definition).joined()
            let state = logs.compactMap { stateLine($0, now, calendar) }.joined()
            said = try await RealLogrotate.debug(
                folder.write("conf", text), folder: folder, state: state, arguments: arguments)
        } while calendar.civil(now).hour != calendar.civil(SystemTime().wallNow()).hour
        let theirs = rotated(said)
        #expect(theirs.count == logs.count, "logrotate has looked at \(theirs.count) of \(logs.count)")
        let imported = try LogrotateImport.read("\(folder.path)/conf")
        let settings = Dictionary(
            uniqueKeysWithValues: imported.rules.map { ($0.settings.paths[0], $0.settings.rotate) })
        for log in logs {
            let schedule = try RotationSchedule(#require(settings[log.path]), calendar: calendar)
            let decision = schedule.decide(known(log, now), now: now, force: !arguments.isEmpty)
            #expect(
                decision.isRotate == theirs[log.path],
                "age \(log.age ?? -1), size \(log.size), modified \(log.modified): \(log.definition) \(decision.reason)"
            )
        }
    }

    private func known(_ log: Log, _ now: WallInstant) -> RotationSchedule.Log {
        RotationSchedule.Log(
            size: log.size, lastRotation: log.age.map { now.advanced(by: .seconds(-$0)) },
            modified: now.advanced(by: .seconds(-log.modified * 86_400 - 60)))
    }

    private func makeLogs(_ folder: TemporaryFolder, _ now: WallInstant) throws -> [Log] {
        var logs: [Log] = []
        for (index, directives) in LogrotateParityTests.directives.enumerated() {
            for (ageIndex, age) in LogrotateParityTests.ages.enumerated() {
                for (sizeIndex, size) in LogrotateParityTests.sizes.enumerated() {
                    // Each combination of age and size sees one modification; all of them come in turn.
                    let modified = LogrotateParityTests.modifications[(index + ageIndex + sizeIndex) % 4]
                    let path = "\(folder.path)/\(index)-\(ageIndex)-\(sizeIndex).log"
                    try make(path, size: size, modified: now.wholeSeconds - Int64(modified) * 86_400 - 60)
                    logs.append(
                        Log(
                            path: path, definition: "\(path) {\n\(directives)\n}\n", age: age, size: size,
                            modified: modified))
                }
            }
        }
        return logs
    }

    private func make(_ path: String, size: Int64, modified: Int64) throws {
        let descriptor = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        var times = [timespec(tv_sec: Int(modified), tv_nsec: 0), timespec(tv_sec: Int(modified), tv_nsec: 0)]
        try #require(ftruncate(descriptor, off_t(size)) == 0 && futimens(descriptor, &times) == 0)
    }

    private func stateLine(_ log: Log, _ now: WallInstant, _ calendar: SystemCalendar) -> String? {
        guard let age = log.age else { return nil }
        let time = calendar.civil(now.advanced(by: .seconds(-age)))
        let date = time.date
        let clock = "\(time.hour):\(time.minute):\(time.second % 60)"
        return "\"\(log.path)\" \(date.year)-\(date.month)-\(date.day)-\(clock)\n"
    }

    /// By log, whether logrotate says that it needs rotating.
    private func rotated(_ said: String) -> [String: Bool] {
        var found: [String: Bool] = [:]
        var log: String?
        for line in said.split(separator: "\n") {
            if line.hasPrefix("considering log ") {
                log = String(line.dropFirst("considering log ".count))
                if let log { found[log] = false }
            } else if line == "  log needs rotating", let log {
                found[log] = true
            }
        }
        return found
    }
}
