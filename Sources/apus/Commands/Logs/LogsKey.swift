import ArgumentParser
import Base
import Envelope
import Terminal

/// `apus logs key create|rotate|list FILE`: key rings.
struct LogsKey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make a key ring, or give it a new version.",
        discussion: """
            A key ring is a file, 0600, whose newest version wraps the data keys of new files; older versions go on opening
            old ones. Keep a copy of it where the logs are not: without it they cannot be read.

            EXAMPLES
              apus logs key create /etc/apus/logs.keys        then in the rule: key_id: "file:/etc/apus/logs.keys"
              apus logs key rotate /etc/apus/logs.keys
              apus logs key list /etc/apus/logs.keys
            """,
        subcommands: [Create.self, Rotate.self, List.self])

    /// `key ring 5b0c1e9a7f3d2468, version 2 wraps from now on`
    static func text(_ ring: KeyRing) -> String {
        "key ring \(ring.id), version \(ring.versions.first ?? 0) wraps from now on"
    }

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a new key ring with one version. An existing file is never replaced.")

        @Argument(help: "The file.", completion: .file())
        var file: String

        func run() throws {
            let ring = try KeyRingFile(file).create(now: SystemTime().wallNow())
            try Report.output("\(file): \(LogsKey.text(ring))\n")
        }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a version, which wraps from now on. Older ones stay.")

        @Argument(help: "The file.", completion: .file())
        var file: String

        func run() throws {
            let ring = try KeyRingFile(file).rotate(now: SystemTime().wallNow())
            try Report.output("\(file): \(LogsKey.text(ring))\n")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the versions, the newest first, with when they were made; no secrets.")

        @Argument(help: "The file.", completion: .file())
        var file: String

        func run() throws {
            let ring = try KeyRingFile(file).read()
            try Report.output("\(file): key ring \(ring.id), \(Count.of(ring.versions.count, "version"))\n")
            for (version, created) in ring.history {
                let note = version == ring.versions.first ? "  wraps new files" : ""
                try Report.output("version \(version)  \(created)\(note)\n")
            }
        }
    }
}
