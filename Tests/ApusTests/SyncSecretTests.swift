import Base
import Glibc
import TestKit
import Testing

/// Secrets reach the host's files and nothing else: no output, no record, no command line, no other file.
@Suite(.timeLimit(.minutes(10))) struct SyncSecretTests {
    /// Values that a shell, JSON, HTML or YAML would write in another way are harder to find again.
    private static let encrypted = #"tr0ub4dor & "3" $(id) <b>'"#
    private static let key = "-----BEGIN KEY-----\nMIIEpQIBAAKCAQEA7bq2\nq1Gk3vYl0aXq8ZrT5w==\n-----END KEY-----\n"
    /// Longer than what a title shows of a command.
    private static let long = String(repeating: "eyJhbGci", count: 20)
    private static let sensitive = "correct battery staple"

    private let bench: SyncBench

    init() async throws {
        bench = try await SyncBench()
        var vars = ""
        let keygen = try await ChildProcess.run(
            ApusProgram.path, ["sync", "secret", "keygen", "\(bench.folder.path)/identity"], folder: bench.folder.path)
        let recipient = String(keygen.output.split(separator: "\n").first ?? "")
        try #require(recipient.hasPrefix("age1"), "\(keygen)")
        for (name, value) in [("token", Self.encrypted), ("key", Self.key), ("long", Self.long)] {
            let plain = try bench.folder.write("plain", value)
            let child = try ChildProcess(
                ApusProgram.path, ["sync", "secret", "encrypt", "--recipient", recipient, "--name", name],
                folder: bench.folder.path, input: plain)
            try #require(await child.wait() == 0)
            vars += child.output
            unlink(plain)
        }
        try bench.folder.write("secrets.yaml", vars)
        try bench.folder.write("template", "token = {{ token }}\nuser = app\n")
    }

    /// The pieces by which a secret would be known in an output, however that writes it.
    private static let pieces = [
        "tr0ub4dor", "$(id) <b>", "MIIEpQIBAAKCAQEA7bq2", "q1Gk3vYl0aXq8ZrT5w==", "battery staple",
        "eyJhbGci",
        // In Base64, which templates can make.
        "dHIwdWI0ZG9yICYg",
    ]

    private func expectClean(_ text: String, _ what: String) {
        for piece in Self.pieces {
            guard let range = text.firstRange(of: piece) else { continue }
            Issue.record("\(what) holds \(piece): …\(text[..<range.upperBound].suffix(300))")
        }
    }

    private func run(_ verb: String, _ arguments: [String] = [], output: String = "json") async throws -> SyncRun {
        let run = try await bench.run(verb, arguments, output: output)
        expectClean(run.all, "\(verb) --output \(output)")
        return run
    }

    private static let resources = """
        varsFiles: [secrets.yaml]
        secrets: { identityFile: identity }
        resources:
          - file: { path: /srv/sensitive, content: "\(sensitive)", mode: "0600", sensitive: true }
          - file: { path: /srv/inline, content: "{{ token }}", mode: "0600" }
          - file: { path: /srv/template, template: template, mode: "0600" }
          - file: { path: /srv/base64, content: "{{ token | b64encode }}", mode: "0600" }
          - file: { path: /srv/key, content: "{{ key }}", mode: "0600" }
          - line: { path: /srv/lines, line: "token = {{ token }}", create: true, mode: "0600" }
          - block: { path: /srv/blocks, block: "{{ key }}", create: true, mode: "0600" }
          - user: { name: owner, password: "{{ token }}" }
          - command: { argv: [sh, -c, "printf %s \\"$1\\" >/srv/argument", sh, "{{ token }}"], creates: /srv/argument }

        """

    @Test func theyAreWrittenWhereTheyBelongOnly() async throws {
        let host = bench.host
        try host.write("/srv/template", Array("token = \(Self.encrypted) and more\nuser = app\n".utf8))
        try host.write("/srv/lines", Array("other = \(Self.encrypted)\n".utf8))
        try bench.site(Self.resources)
        let records = ["--journal", "\(bench.folder.path)/journal", "--report", "\(bench.folder.path)/report.html"]
        let seen = try await ProcessWatch.during { _ in
            for output in ["text", "json"] { _ = try await run("plan", [], output: output) }
            _ = try await run("check", [], output: "text")
            _ = try await run("plan", ["--out", "\(bench.folder.path)/plan.json"])
            let first = try await run("apply", records, output: "text")
            #expect(first.code == 0, "\(first.all)")
            let second = try await run("apply", records)
            #expect(second.report?.status == "same", "\(second.all)")
        }
        for line in seen where !line.contains("printf %s") { expectClean(line, "a command line") }
        #expect(host.text("/srv/sensitive") == Self.sensitive)
        #expect(host.text("/srv/inline") == Self.encrypted)
        #expect(host.text("/srv/template") == "token = \(Self.encrypted)\nuser = app\n")
        #expect(host.text("/srv/key") == Self.key)
        #expect(host.text("/srv/argument") == Self.encrypted)

        // The folder holds the site, the journal, the report, the plan, the memory of the runs and all of their outputs.
        for name in ["journal", "report.html", "plan.json"] {
            let text = String(decoding: try Files.read("\(bench.folder.path)/\(name)"), as: UTF8.self)
            #expect(text.contains(name == "plan.json" ? "fingerprints" : "host1"))
            expectClean(text, name)
        }
        let left = try await host.run(
            "find / /run /dev/shm -xdev -type f -newer /etc/hostname ! -path '/srv/*' -exec grep -lE 'tr0ub4dor|MIIEpQ' {} +"
        )
        #expect(left.output == "", "nothing is left on the host")
        #expect(try await host.run("find /srv -name '*apus*'").output == "")
    }

    @Test func failuresDoNotTellThem() async throws {
        try bench.site(
            """
            varsFiles: [secrets.yaml]
            secrets: { identityFile: identity }
            resources:
              - command: { run: "echo 'got {{ key }}'; exit 3" }
                ignoreErrors: true
              - file: { path: "/srv/{{ token | replace('/', '') }}/x", content: x }
                ignoreErrors: true
              - file: { path: /srv/validated, content: "{{ token }}", validate: "cat %s; false" }
                ignoreErrors: true
              - command: { run: "curl -H 'Authorization: Bearer {{ long }}' --no-such-option" }
                ignoreErrors: true
              - command: { run: "echo {{ token | b64encode }} >&2; exit 3" }
            """)
        for output in ["text", "json"] {
            let run = try await run("apply", ["--journal", "\(bench.folder.path)/journal"], output: output)
            #expect(run.code == 1, "\(run.all)")
            #expect(run.output.contains("redacted"))
        }
        expectClean(String(decoding: try Files.read("\(bench.folder.path)/journal"), as: UTF8.self), "the journal")
        #expect(!bench.host.has("/srv/validated"))
    }

    @Test(arguments: ["check", "plan", "apply"]) func complaintsDoNotTellThem(verb: String) async throws {
        let cases = [
            ("", "  - file: { path: /srv/x, mode: \"{{ token }}\" }"),
            ("", "  - file: { path: \"{{ token }}\", content: x }"),
            ("", "  - line: { path: /srv/x, line: \"{{ long }}\", regexp: \"^{{ token }}[\" }"),
            ("", "  - file: { path: /srv/x, content: \"{{ token | int }} {{ nothing }}\" }"),
            ("  - file: { path: /srv/x, content: x }", "  - service: { name: \"{{ token }}\", state: \"{{ long }}\" }"),
        ]
        for (first, second) in cases {
            try bench.site(
                "varsFiles: [secrets.yaml]\nsecrets: { identityFile: identity }\nresources:\n\(first)\n\(second)")
            let run = try await run(verb, [], output: "text")
            #expect(run.code != 0, "\(second): \(run.all)")
        }
    }

    @Test func valuesOfAFileAreEncryptedAnewForOthers() async throws {
        let folder = bench.folder
        func secret(_ arguments: [String], input: String? = nil) async throws -> (code: Int32, output: String) {
            let words = ["sync", "secret"] + arguments
            let child =
                try input.map { try ChildProcess(ApusProgram.path, words, folder: folder.path, input: $0) }
                ?? ChildProcess(ApusProgram.path, words, folder: folder.path)
            let code = await child.wait()
            return (code, child.output + child.errors)
        }
        let (identity, next) = ("\(folder.path)/identity", "\(folder.path)/next")
        let keygen = try await secret(["keygen", next])
        let recipient = String(keygen.output.split(separator: "\n").first ?? "")
        let file = "\(folder.path)/secrets.yaml"
        let before = try Files.read(file)
        let refused = try await secret(["rekey", "--identity", next, "--recipient", recipient, file])
        #expect(refused.code == 65, "\(refused)")
        #expect(try Files.read(file) == before)
        let done = try await secret(["rekey", "--identity", identity, "--recipient", recipient, file])
        #expect(done.code == 0 && done.output.contains("3 values encrypted anew"), "\(done)")
        let opened = try await secret(["decrypt", "--identity", next, "--name", "token"], input: file)
        #expect(opened.code == 0 && opened.output == Self.encrypted, "\(opened)")
        #expect(try await secret(["decrypt", "--identity", identity, "--name", "token"], input: file).code == 65)
        #expect(try await secret(["decrypt", "--identity", next], input: file).output.contains("token, key, long"))
    }

    /// What a program of this host prints as the password is as secret as one that stands in the site.
    @Test func aPasswordOfACommandIsHidden() async throws {
        let password = "battery-of-horses"
        try bench.folder.write("password", password)
        try bench.site(
            "resources:\n  - command: { run: \"echo it was \(password); false\" }",
            hosts:
                "  \(bench.host.name): { user: ops, become: { passwordCommand: [cat, \(bench.folder.path)/password] } }\n"
        )
        let run = try await bench.run("apply")
        #expect(run.code == 1, "\(run.all)")
        #expect(run.report?.resources.first?.message == "it was redacted", "\(run.all)")
    }
}
