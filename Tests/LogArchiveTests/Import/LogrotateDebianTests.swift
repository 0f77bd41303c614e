import Base
import Settings
import TestKit
import Testing

@testable import LogArchive

/// Files of /etc/logrotate.d as Debian's packages bring them, retold, each with the rules that come of it: `Golden/NAME.txt`
/// holds the input, and after each line of `====` a rule's name with its text, then the notes and errors.
///
/// With APUS_WRITE_GOLDEN=1 the second half of each file is written anew.
@Suite("Files of Debian's packages become rules")
struct LogrotateDebianTests {
    static let names = GoldenFile.names

    @Test("each file as its golden half says", arguments: names)
    func golden(name: String) throws {
        let file = try GoldenFile(name)
        let result = LogrotateImport.read(Array(file.input.utf8), file: "/etc/logrotate.d/\(name)")
        let found = GoldenFile.text(of: result)
        if ProcessEnvironment.current()["APUS_WRITE_GOLDEN"] == "1" { try file.write(found) }
        #expect(found == (try GoldenFile(name)).expected)
    }

    @Test("each rule reads back to the settings that it was made of", arguments: names)
    func readsBack(name: String) throws {
        let result = try LogrotateImport.read(Array(GoldenFile(name).input.utf8), file: "/etc/logrotate.d/\(name)")
        for rule in result.rules { try expectReadsBack(rule) }
    }
}

/// The text of a rule means its settings, and nothing in it is complained about.
func expectReadsBack(_ rule: LogrotateImport.Rule, _ seed: UInt64 = 0) throws {
    do {
        let set = try RuleReader.read([(file: rule.name + ".yaml", bytes: Array(rule.text.utf8))])
        let warnings = set.warnings.filter { warning in
            !["costs about", "gives two days"].contains { warning.message.hasPrefix($0) }
        }
        #expect(warnings.isEmpty, "seed \(seed): \(warnings.map(\.description)) in\n\(rule.text)")
        #expect(set.rules.first?.settings == rule.settings, "seed \(seed): \(rule.text)")
    } catch let refused as RuleRefused {
        Issue.record("seed \(seed): \(refused.complaints.map(\.description)) in\n\(rule.text)")
    }
}

/// One golden file: the input, `====`, and what is made of it.
struct GoldenFile {
    static let folder = ApusProgram.root() + "/Tests/LogArchiveTests/Import/Golden"
    static let names = [
        "apache2", "apt", "chrony", "exim4-base", "glusterfs", "icinga2", "libvirtd.qemu", "lighttpd", "logrotate.conf",
        "mariadb", "nginx", "postgresql-common", "proftpd", "redis-server", "rsyslog", "samba", "sssd", "tomcat",
        "wtmp",
        "zabbix-agent", "odd",
    ]
    static let separator = "\n====\n"

    let path: String
    let input: String
    let expected: String

    init(_ name: String) throws {
        path = "\(GoldenFile.folder)/\(name).txt"
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        let end = text.firstRange(of: GoldenFile.separator)
        input = String(text[..<(end?.lowerBound ?? text.endIndex)]) + (end == nil ? "" : "\n")
        expected = end.map { String(text[$0.upperBound...]) } ?? ""
    }

    func write(_ found: String) throws {
        var body = input
        while body.hasSuffix("\n") { body.removeLast() }
        try Files.writeAtomically(Array((body + GoldenFile.separator + found).utf8), to: path)
    }

    static func text(of result: LogrotateImport.Result) -> String {
        let rules = result.rules.map { "# \($0.name).yaml\n\($0.text)" }
        let notes = result.notes.map { "note \($0)\n" } + result.errors.map { "error \($0)\n" }
        return (rules + (notes.isEmpty ? [] : [notes.joined()])).joined(separator: "====\n")
    }
}
