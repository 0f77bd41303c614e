import Testing

@testable import HostSync

/// What the editors of text files do to their lines, and one round trip each.
@Suite(.timeLimit(.minutes(5)))
struct TextResourceTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let yaml: String
        let before: String?
        /// Nil where nothing is to change.
        let after: String?

        init(_ name: String, _ yaml: String, _ before: String?, _ after: String?) {
            (testDescription, self.yaml, self.before, self.after) = (name, yaml, before, after)
        }
    }

    static let lines: [Case] = [
        Case("appended", "line: b", "a\n", "a\nb\n"),
        Case("there already", "line: b", "a\nb\nc\n", nil),
        Case("appended to a line without an end", "line: b", "a", "a\nb\n"),
        Case("an end that was missing stays so", "{line: x, regexp: ^x}", "x1\ny", "x\ny"),
        Case("last match wins", "{line: p=2, regexp: '^p='}", "p=0\nq\np=1\nr\n", "p=0\nq\np=2\nr\n"),
        Case("no match, line is there", "{line: 'Port 22', regexp: '^Port'}", "#x\nPort 22\n", nil),
        Case("no match, inserted", "{line: p=2, regexp: '^p='}", "q\n", "q\np=2\n"),
        Case("after the last match", "{line: n, insertAfter: '^a'}", "a\na2\nb\n", "a\na2\nn\nb\n"),
        Case("before the last match", "{line: n, insertBefore: '^a'}", "a\na2\nb\n", "a\nn\na2\nb\n"),
        Case("no anchor, at the end", "{line: n, insertAfter: '^z'}", "a\n", "a\nn\n"),
        Case("at the beginning", "{line: n, insertBefore: BOF}", "a\n", "n\na\n"),
        Case("GNU's words", "{line: 'x word', regexp: '\\bword\\b'}", "swords\na word b\n", "swords\nx word\n"),
        Case(
            "groups", "{line: 'A=\\2-\\1\\\\', regexp: '^([a-z]+)=([0-9]+)$', backrefs: true}", "ab=12\n", "A=12-ab\\\n"
        ),
        Case("groups, no match", "{line: '\\1', regexp: '^(z)', backrefs: true}", "a\n", nil),
        Case("groups, no file", "{line: '\\1', regexp: '^(z)', backrefs: true}", nil, nil),
        Case("absent by expression", "{regexp: '^a', state: absent}", "a\nb\nab\n", "b\n"),
        Case("absent by text", "{line: a, state: absent}", "a\nb\nab\na\n", "b\nab\n"),
        Case("absent, no file", "{line: a, state: absent}", nil, nil),
        Case("created", "{line: a, create: true}", nil, "a\n"),
        Case("carriage returns stay", "{line: p=2, regexp: '^p=[0-9]$'}", "p=1\r\nq\r\n", "p=2\r\nq\r\n"),
        Case("an empty file", "line: a", "", "a\n"),
    ]

    static let blocks: [Case] = [
        Case("appended", "{block: \"x\\ny\\n\", marker: '# {mark}'}", "a\n", "a\n# BEGIN\nx\ny\n# END\n"),
        Case("replaced", "{block: z, marker: '# {mark}'}", "a\n# BEGIN\nx\n# END\nb", "a\n# BEGIN\nz\n# END\nb"),
        Case("the same", "{block: z, marker: '# {mark}'}", "# BEGIN\nz\n# END\n", nil),
        Case("removed", "{state: absent, marker: '# {mark}'}", "a\n# BEGIN\nz\n# END\nb\n", "a\nb\n"),
        Case("nothing to remove", "{state: absent, marker: '# {mark}'}", "a\n", nil),
        Case(
            "by name", "{block: z, name: two, marker: '# {mark}'}", "# BEGIN\nx\n# END\n",
            "# BEGIN\nx\n# END\n# BEGIN two\nz\n# END two\n"),
        Case("after", "{block: z, insertAfter: ^a, marker: '# {mark}'}", "a\nb\n", "a\n# BEGIN\nz\n# END\nb\n"),
        Case("empty lines inside", "{block: \"\\nz\\n\\n\", marker: '# {mark}'}", "", "# BEGIN\n\nz\n\n# END\n"),
        Case("created", "{block: z, marker: '# {mark}', create: true}", nil, "# BEGIN\nz\n# END\n"),
    ]

    static let hosts: [Case] = [
        Case(
            "added", "{ip: 10.0.0.1, names: [a.x, a]}", "127.0.0.1 localhost\n",
            "127.0.0.1 localhost\n10.0.0.1\ta.x a\n"),
        Case("the same, as it is written", "{ip: 10.0.0.1, names: [a.x, a]}", "10.0.0.1   a.x  a b # c\n", nil),
        Case(
            "the canonical name comes first", "{ip: 10.0.0.1, names: [a.x, a]}", "10.0.0.1 a b # c\n",
            "10.0.0.1\ta.x a b # c\n"),
        Case(
            "taken from another address", "{ip: 10.0.0.1, names: a}", "10.0.0.2 a b\n10.0.0.3 a\n",
            "10.0.0.2\tb\n10.0.0.1\ta\n"),
        Case(
            "not from another family", "{ip: 10.0.0.1, names: localhost}", "::1 localhost\n",
            "::1 localhost\n10.0.0.1\tlocalhost\n"),
        Case("a comment stays", "{ip: 10.0.0.1, names: a}", "#10.0.0.1 a\n", "#10.0.0.1 a\n10.0.0.1\ta\n"),
        Case(
            "absent by name", "{ip: 10.0.0.1, names: a, state: absent}", "10.0.0.1 a b\n10.0.0.2 a\n",
            "10.0.0.1\tb\n10.0.0.2 a\n"),
        Case("absent as a whole", "{ip: 10.0.0.1, state: absent}", "10.0.0.1 a b\n10.0.0.1 c\n", ""),
        Case("no file", "{ip: 10.0.0.1, names: a}", nil, "10.0.0.1\ta\n"),
    ]

    @Test(arguments: lines) func line(_ each: Case) throws { try check(LineResource.self, each) }
    @Test(arguments: blocks) func block(_ each: Case) throws { try check(BlockResource.self, each) }
    @Test(arguments: hosts) func hostsEntry(_ each: Case) throws { try check(HostsEntryResource.self, each) }

    /// The comparison by itself, and again on its result.
    private func check<Kind: Resource>(_ type: Kind.Type, _ each: Case) throws {
        let body = each.yaml.hasPrefix("{") ? String(each.yaml.dropFirst().dropLast()) : each.yaml
        let read = ResourceHarness.read(type, "{path: /etc/x, \(body)}")
        let resource = try #require(read.group, "\(read.complaints)")
        var state = HostState(answer(each.before))
        let comparison = try resource.compare(&state)
        let change = comparison.differences.first?.text
        #expect(change?.new.map { String(decoding: $0, as: UTF8.self) } == each.after)
        #expect(
            change.map { String(decoding: $0.old ?? [], as: UTF8.self) }
                == (each.after == nil ? nil : each.before ?? ""))
        var again = HostState(answer(each.after ?? each.before))
        #expect(try resource.compare(&again).differences.isEmpty)
    }

    private func answer(_ text: String?) -> ProbeAnswer {
        var answer = ProbeAnswer()
        answer.paths["/etc"] = .present(PathStatus(kind: .directory, mode: 0o755))
        guard let text else { return answer }
        let bytes = Array(text.utf8)
        answer.paths["/etc/x"] = .present(
            PathStatus(kind: .file, mode: 0o644, size: bytes.count, digest: ContentDigest.of(bytes)))
        answer.contents["/etc/x"] = bytes
        return answer
    }

    @Test(arguments: [
        ("{path: /x, line: a, regexp: ^b}", "line: does not match its own regexp: each run would add it again"),
        ("{path: /x, line: a, regexp: '('}", "regexp: not a regular expression: Unmatched ( or \\("),
        ("{path: /x}", "line: is needed with state: present"),
        ("{path: /x, state: absent}", "state: needs line or regexp to say what is to be absent"),
        (
            "{path: /x, line: a, insertAfter: a, insertBefore: b}",
            "insertBefore: give insertAfter or insertBefore, not both"
        ),
        ("{path: /x, line: a, backrefs: true}", "backrefs: needs regexp, and state: present"),
        ("{path: /x, line: a, validate: check}", "validate: must hold %s once, which stands for the new file's path"),
    ])
    func lineIsCheckedAtLoad(_ yaml: String, _ complaint: String) {
        #expect(ResourceHarness.read(LineResource.self, yaml).complaints == [complaint])
    }

    @Test func aLineThatGrowsEachTimeIsRefused() throws {
        let line = try #require(
            ResourceHarness.read(LineResource.self, "{path: /etc/x, line: '\\1x', regexp: '^(a.*)', backrefs: true}")
                .group)
        var host = HostState(answer("a\n"))
        #expect(throws: ResourceFault.self) { try line.compare(&host) }
    }

    @Test func aBlockWithOneMarkerAloneIsRefused() throws {
        let block = try #require(
            ResourceHarness.read(BlockResource.self, "{path: /etc/x, block: a, marker: '# {mark}'}").group)
        for text in ["# BEGIN\n", "# END\n", "# END\n# BEGIN\n"] {
            var host = HostState(answer(text))
            #expect(throws: ResourceFault.self) { try block.compare(&host) }
        }
    }

    @Test(arguments: LocalShell.allCases)
    func severalResourcesEditOneFileInOnePlan(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell)
        try host.sh("printf 'Port 22\\nfr\\351d\\n' >@/c; chmod 640 @/c")
        let outcome = try host.converge(
            host.declare(LineResource.self, "{path: '@/c', line: 'Port 2222', regexp: '^Port '}"),
            host.declare(LineResource.self, "{path: '@/c', line: \"it's 100% \\\\n\", mode: '0600'}"),
            host.declare(BlockResource.self, "{path: '@/c', block: inner, marker: '# {mark}'}"))
        #expect(outcome.found == ["content", "content", "mode", "content"])
        #expect(outcome.output.isEmpty)
        #expect(outcome.left.isEmpty)
        #expect(try host.sh("od -An -c @/c | head -n 2 | tr -d ' \\n'; stat -c %a @/c").contains("351"))
        #expect(try host.sh("grep -v fr @/c; stat -c %a @/c") == "Port 2222\nit's 100% \\n\n# BEGIN\ninner\n# END\n600")
    }

    @Test(.enabled(if: ResourceHarness.canBox), arguments: LocalShell.allCases)
    func aFileThatIsAMountPointIsWrittenInPlace(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell, isBoxed: true)
        try host.sh("mkdir etc/m; chmod 755 etc/m; printf '127.0.0.1 a\\n' >etc/m/hosts; ln etc/m/hosts work/same")
        let entry = try host.declare(
            HostsEntryResource.self, "{ip: 10.0.0.1, names: b, path: /etc/m/hosts, inPlace: true}")
        let outcome = try host.converge(entry)
        #expect(outcome.output.isEmpty)
        #expect(outcome.left.isEmpty)
        #expect(try host.sh("cat work/same") == "127.0.0.1 a\n10.0.0.1\tb")
    }

    @Test(arguments: LocalShell.allCases)
    func validationBackupAndWhatChangedMeanwhile(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell)
        try host.sh("echo good >@/c")
        let bad = try host.declare(LineResource.self, "{path: '@/c', line: bad, validate: 'sh -c \"! grep bad %s\"'}")
        let refused = try host.converge(bad)
        #expect(refused.output.contains("failed"))
        #expect(try host.sh("cat @/c; ls -A @") == "good\nc")
        let kept = try host.declare(LineResource.self, "{path: '@/c', line: more, backup: true}")
        #expect(try host.converge(kept).output.isEmpty)
        #expect(try host.sh("cat @/c.*~") == "good")
        var state = try host.probe([bad])
        let steps = try bad.compare(&state).steps
        #expect(steps.lines.contains { $0.contains(ContentDigest.of(Array("good\nmore\n".utf8))) })
    }
}
