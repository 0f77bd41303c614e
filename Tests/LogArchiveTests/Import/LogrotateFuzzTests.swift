import Base
import Settings
import TestKit
import Testing

@testable import LogArchive

/// Texts that look like logrotate's, with mistakes.
struct LogrotateTextGenerator {
    var random: SeededGenerator
    /// Without what logrotate looks up while it reads, whether folders are there; and without a directive that has no value in a
    /// definition's last line, where logrotate overlooks the } below.
    var isPure = false

    private static let lines = [
        "daily", "weekly", "weekly 3", "weekly 7", "monthly", "yearly", "hourly", "size 5", "size=100k", "size 2M",
        "minsize 5", "maxsize 1G", "rotate 5", "rotate -1", "rotate 0", "start 0", "start 7", "minage 3", "maxage 60",
        "ifempty", "notifempty", "missingok", "nomissingok", "copy", "copytruncate", "renamecopy", "nocopytruncate",
        "create", "create 0640 root adm", "nocreate", "su root root", "olddir old", "olddir /var/old", "noolddir",
        "createolddir 700 root root", "dateext", "nodateext", "dateformat -%Y%m%d%H", "dateformat .%Z%%%Y-%m-%d_%s",
        "dateyesterday", "datehourago", "extension .log", "addextension .old", "compress", "nocompress",
        "delaycompress",
        "compresscmd /usr/bin/zstd", "compresscmd xz", "compressext .zz", "compressoptions -9 -T0", "shred",
        "shredcycles 4", "sharedscripts", "mail me@example", "mailfirst", "nomail", "allowhardlink", "ignoreduplicates",
        "errors x", "tabooext + .q", "taboopat x*", "# a comment", "",
    ]
    private static let scripts = ["postrotate", "prerotate", "firstaction", "lastaction", "preremove"]
    private static let commands = [
        "kill -HUP $(cat /run/x.pid)", "\tif true; then", "\t\techo \"${A:-b}\" '$1' # x", "\tfi", "", "  ", "echo 'a",
        "b'",
        "cat <<EOF", "EOF", "systemctl reload x", "}", "printf \"\\t%s\" \u{E9}\u{1F600}", "echo `date` \\",
        "# endscript",
        "key: [value]", "- item", "|", "\u{85}", "tab\there", "\u{1}",
    ]
    private static let mistakes = [
        "rotate", "rotate x", "size 5q", "nonsense", "a::b", "}", "{", "/in/the/middle", "endscript", "weekly 9",
        "su a",
        "\r", "\u{0}", "\"", "\\", "create 1 2 3 4", "=", "rotate5", "+",
    ]
    private static let paths = [
        "/var/log/a.log", "/var/log/b.log", "/var/log/*.log", "\"/srv/with blank/x\"", "'/q/[a-z]?.log'", "/a\\ b",
        "~/log",
        "/var/log/\u{FC}.log", "\"rel\"", "/x{y",
    ]

    private var mistaken: [String] { isPure ? Self.mistakes.filter { $0 != "rotate" } : Self.mistakes }
    private var lines: [String] { isPure ? Self.lines.filter { !$0.hasPrefix("olddir") } : Self.lines }

    mutating func pick(_ items: [String]) -> String { items[Int.random(in: 0..<items.count, using: &random)] }

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    mutating func block(mistakes: Bool) -> String {
        var text =
            (0...Int.random(in: 0...1, using: &random)).map { _ in pick(Self.paths) }.joined(separator: " ") + " {\n"
        for _ in 0..<Int.random(in: 0...9, using: &random) {
            if chance(6) {
                text += pick(Self.scripts) + "\n"
                for _ in 0..<Int.random(in: 0...4, using: &random) { text += pick(Self.commands) + "\n" }
                text += "endscript\n"
            } else {
                text += "    \(pick(lines))\n"
            }
            if mistakes, chance(12) { text += pick(mistaken) + "\n" }
        }
        return text + "}\n"
    }

    mutating func file(mistakes: Bool) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            if chance(3) { text += pick(lines) + "\n" }
            text += block(mistakes: mistakes)
        }
        return text
    }
}

@Suite("Any text is read to its end")
struct LogrotateFuzzTests {
    @Test("rules of random files read back to their settings", .timeLimit(.minutes(3)), arguments: 0..<UInt64(4))
    func readsBack(part: UInt64) throws {
        for seed in part * 250..<(part + 1) * 250 {
            var generator = LogrotateTextGenerator(random: SeededGenerator(seed: seed))
            let text = generator.file(mistakes: seed % 2 == 1)
            for rule in LogrotateImport.read(Array(text.utf8), file: "fuzz").rules { try expectReadsBack(rule, seed) }
        }
    }

    @Test("random bytes and cut files do not stop it", .timeLimit(.minutes(3)), arguments: 0..<UInt64(4))
    func bytes(part: UInt64) throws {
        for seed in part * 500..<(part + 1) * 500 {
            var generator = LogrotateTextGenerator(random: SeededGenerator(seed: seed))
            var bytes = Array(generator.file(mistakes: true).utf8)
            for _ in 0..<Int.random(in: 0...20, using: &generator.random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator.random)
                switch Int.random(in: 0...2, using: &generator.random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator.random)
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + 7))
                default: bytes.removeLast(min(bytes.count, 3))
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let result = LogrotateImport.read(bytes, file: "fuzz")
            #expect(result.rules.count <= text.utf8.count, "seed \(seed)")
            for rule in result.rules { try expectReadsBack(rule, seed) }
        }
    }
}
