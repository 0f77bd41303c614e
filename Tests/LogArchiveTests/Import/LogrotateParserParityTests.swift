import Base
import Glibc
import TestKit
import Testing

@testable import LogArchive

/// What logrotate itself says about a file (`logrotate --debug`), definition by definition, beside what we read in it.
@Suite("We read what the real logrotate reads", .tags(.logrotate), .enabled(if: RealLogrotate.isThere))
struct LogrotateParserParityTests {
    @Test("the table of mistakes", arguments: LogrotateParserTests.cases.filter(\.isSame).map(\.text))
    func table(text: String) async throws {
        try await compare(text)
    }

    @Test("random files", .timeLimit(.minutes(3)), arguments: 0..<UInt64(4))
    func random(part: UInt64) async throws {
        for seed in part * 40..<(part + 1) * 40 {
            var generator = LogrotateTextGenerator(random: SeededGenerator(seed: 9000 + seed), isPure: true)
            try await compare(generator.file(mistakes: seed % 2 == 0), seed)
        }
    }

    /// This host's own configuration, and files of a folder that APUS_LOGROTATE_CORPUS names: /etc/logrotate.d of packages,
    /// or the configurations of logrotate's test suite.
    @Test("real configurations", arguments: corpus)
    func realFiles(file: String) async throws {
        let folder = try TemporaryFolder()
        let said = try await RealLogrotate.debug(file, folder: folder)
        var parser = LogrotateParser(home: folder.path)
        var options = LogrotateOptions()
        parser.read(file, folder: ".", from: LogrotatePlace(file: file, line: 1), &options)
        #expect(parser.blocks.map(RealLogrotate.line) == RealLogrotate.definitions(said), "\(parser.problems)")
        for rule in try LogrotateImport.read(file, home: folder.path).rules { try expectReadsBack(rule) }
    }

    static var corpus: [String] {
        let files = access("/etc/logrotate.conf", R_OK) == 0 ? ["/etc/logrotate.conf"] : []
        guard let folder = ProcessEnvironment.current()["APUS_LOGROTATE_CORPUS"] else { return files }
        return files + (LogrotateTaboo.names(in: folder) ?? []).filter { $0.first != "." }.map { "\(folder)/\($0)" }
    }

    private func compare(_ text: String, _ seed: UInt64 = 0) async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("conf", text)
        let said = try await RealLogrotate.debug(file, folder: folder)
        let result = try LogrotateImport.read(file, home: folder.path)
        var parser = LogrotateParser(home: folder.path)
        var options = LogrotateOptions()
        parser.parse(Array(text.utf8), file: file, folder: ".", &options)
        var ours = parser.blocks.map(RealLogrotate.line)
        // At the end of a file that it is skipping, logrotate forgets to forget the definition.
        let theirs = RealLogrotate.definitions(said)
        if theirs.count == ours.count + 1, !result.errors.isEmpty { ours.append(theirs[theirs.count - 1]) }
        #expect(ours == theirs, "seed \(seed):\n\(text)\n\(said)")
    }
}

extension Tag {
    @Tag static var logrotate: Self
}

/// /usr/sbin/logrotate, which is asked and never rotates: `--debug`.
enum RealLogrotate {
    static let path = "/usr/sbin/logrotate"
    static let isThere = access(path, X_OK) == 0 && geteuid() == 0

    static func debug(_ file: String, folder: TemporaryFolder, state: String = "", arguments: [String] = [])
        async throws
        -> String
    {
        let stateFile = try folder.write("state", "logrotate state -- version 2\n" + state)
        let run = try await ChildProcess.run(
            path, ["--debug", "--state", stateFile] + arguments + [file], environment: ["HOME": folder.path],
            folder: folder.path)
        return run.output + run.errors
    }

    /// `logrotate` prints a line about each definition after "rotating pattern: ".
    static func definitions(_ said: String) -> [String] {
        let marker = "rotating pattern: "
        var rest = said[...]
        var found: [String] = []
        while let start = rest.firstRange(of: marker) {
            rest = rest[start.upperBound...]
            let ends = [rest.firstRange(of: "old logs are removed"), rest.firstRange(of: "old logs mailed")]
            let end = ends.compactMap { $0?.lowerBound }.min() ?? rest.endIndex
            // The pattern is printed as it is written; what comes after it is what was understood.
            found.append(understood(rest[..<end]))
        }
        return found
    }

    private static func understood(_ text: Substring) -> String {
        let words = text.split(whereSeparator: \.isWhitespace)
        let starts: Set<Substring> = ["hourly", "after", "weekly", "monthly", "yearly"]
        guard
            let first = words.indices.first(where: { index in
                starts.contains(words[index])
                    || (index + 1 < words.count && words[index + 1] == "bytes" && Int(words[index]) != nil)
            })
        else { return "?" }
        return words[first...].joined(separator: " ")
    }

    static func line(_ block: LogrotateBlock) -> String {
        let options = block.options
        var text =
            switch options.criterion {
            case .size: "\(options.size) bytes"
            case .daily: "after 1 days"
            default: options.criterion.rawValue
            }
        if options.rotate > 0 { text += " (\(options.rotate) rotations)" }
        if options.rotate == 0 { text += " (no old logs will be kept)" }
        if let folder = options.oldDir { text += " olddir is \(folder)," }
        text += options.ifEmpty ? " empty log files are rotated," : " empty log files are not rotated,"
        if options.minSize > 0 { text += " only log files >= \(options.minSize) bytes are rotated," }
        if options.maxSize > 0 { text += " log files >= \(options.maxSize) are rotated earlier," }
        if options.minAgeDays > 0 { text += " only log files older than \(options.minAgeDays) days are rotated," }
        return text
    }
}
