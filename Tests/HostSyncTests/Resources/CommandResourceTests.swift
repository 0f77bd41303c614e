import Base
import Glibc
import Settings
import TestKit
import Testing

@testable import HostSync

/// Commands and their guards, run by the shells that hosts have.
@Suite struct CommandResourceTests {
    @Test(
        arguments: [
            ("{run: 'true', creates: /}", false), ("{run: 'true', creates: /no/such}", true),
            ("{run: 'true', removes: /no/such}", false), ("{run: 'true', removes: /}", true),
            ("{run: 'true', unless: 'true'}", false), ("{run: 'true', unless: 'exit 3'}", true),
            ("{run: 'true', onlyIf: 'true'}", true), ("{run: 'true', onlyIf: 'false'}", false),
            ("{run: 'true', unless: 'if ('}", true), ("{run: 'true', unless: no-such-program}", true),
            ("{run: 'true', unless: 'cat'}", false),
            ("{run: 'true', onlyIf: '[ \"$A\" = \"it''s\" ]', environment: {A: \"it's\"}}", true),
            ("{run: 'true', onlyIf: '[ \"$(pwd)\" = /usr ]', folder: /usr}", true),
            ("{run: 'true', onlyIf: 'true', folder: /no/such}", false),
            ("{run: 'true', onlyIf: 'true', timeout: 5s}", true),
            ("{run: 'true', onlyIf: 'sleep 20', timeout: 1s}", false),
            ("{run: 'true'}", true),
        ], ShellHost.shells) func guards(_ row: (yaml: String, runs: Bool), _ shell: [String]) async throws
    {
        let folder = try TemporaryFolder()
        let resource = try declared(CommandResource.self, row.yaml)
        let host = ShellHost(shell: shell, folder: folder.path)
        var state = HostState(try await host.answer([resource]))
        let comparison = try resource.compare(&state)
        #expect(!comparison.differences.isEmpty == row.runs)
        #expect(comparison.isAction)
    }

    /// What a command prints is its message, so that a failing one shows what it did.
    @Test(
        arguments: [
            ("run: 'echo one; false; echo two'", "one\n"),
            ("argv: [sh, -c, 'echo \"$1 $2\"; exit 2', x, \"it's\", '$HOME *']", "it's $HOME *\n"),
            ("{run: 'cat; exit 1', stdin: \"a\\nb\"}", "a\nb"),
            ("{run: 'cat; echo $? end; exit 1'}", "0 end\n"),
            ("{run: 'pwd; echo \"$A\"; exit 1', folder: /usr, environment: {A: 'x y'}}", "/usr\nx y\n"),
            ("{run: 'echo secret; exit 3', sensitive: true}", "it ended with 3; what it printed is not shown\n"),
            ("{run: 'sleep 20', timeout: 1s}", "it ran longer than 1s\n"),
            ("{run: 'id -un; exit 1', user: nobody}", "nobody\n"),
            ("{run: 'cat; id -un; exit 1', user: nobody, stdin: x, timeout: 20s}", "xnobody\n"),
            ("{run: 'echo ok; exit 1', user: root}", "ok\n"),
            ("{run: \"printf '%s' '%s \\\\\\\\n'\\nexit 1\"}", "%s \\\\n"),
        ], ShellHost.shells) func output(_ row: (yaml: String, message: String), _ shell: [String]) async throws
    {
        if row.yaml.contains("user:"), getuid() != 0 { return }
        let folder = try TemporaryFolder()
        let resource = try declared(CommandResource.self, row.yaml)
        var state = hostState([])
        let steps = try resource.compare(&state).steps
        let message = try await ShellHost(shell: shell, folder: folder.path).apply(steps)
        // busybox ash says what ended a child of its own.
        #expect(message?.replacing("Terminated\n", with: "") == row.message)
    }

    @Test func succeedsAndStaysQuiet() async throws {
        let folder = try TemporaryFolder()
        let host = ShellHost(folder: folder.path)
        let resource = try declared(
            CommandResource.self, "{run: 'echo x >\(folder.path)/made', creates: \(folder.path)/made}")
        let first = try await host.converge(resource)
        #expect(told(first) == ["command: - → runs"])
        var state = HostState(try await host.answer([resource]))
        #expect(try resource.compare(&state).differences == [])
    }

    /// The text of a command is never an argument of a program, where everybody could read it.
    @Test func textIsNotOnTheCommandLine() throws {
        let resource = try declared(
            CommandResource.self, "{run: 'echo hunter2', environment: {A: hunter3}, sensitive: true}")
        var state = hostState([])
        let comparison = try resource.compare(&state)
        #expect(!comparison.steps.lines.joined().contains("hunter"))
        #expect(!resource.label.contains("hunter"))
    }

    @Test func guardsWaitForEarlierChanges() throws {
        for (yaml, waits) in [
            ("{run: a, unless: b}", true), ("{run: a, onlyIf: b}", true), ("{run: a, removes: /b}", true),
            ("{run: a, creates: /b}", false), ("run: a", false),
        ] {
            var state = hostState([])
            state.willProvide("package")
            #expect((try declared(CommandResource.self, yaml).compare(&state).deferred != nil) == waits, "\(yaml)")
        }
    }

    @Test(arguments: ["", "x 0", "0"]) func strangeAnswer(_ text: String) throws {
        let resource = try declared(CommandResource.self, "{run: a, unless: b}")
        var state = hostState([(CommandResource.guards, text)])
        #expect(throws: ResourceFault.self) { try resource.compare(&state) }
    }

    @Test(arguments: [
        ("{}", "run and argv"), ("{run: a, argv: [b]}", "run and argv"), ("{argv: []}", "found 0 items"),
        ("{run: a, environment: {1A: b}}", "begin with a digit"), ("{run: a, folder: b}", "absolute"),
    ]) func refused(_ yaml: String, _ message: String) {
        #expect(complaints(CommandResource.self, yaml).contains(message))
    }

    @Test(arguments: [
        ("run: systemctl restart x", "systemctl restart x"), ("run: \"a\\nb\"", "a…"), ("argv: [a, 'b c']", "a 'b c'"),
        ("{run: a, sensitive: true}", "(sensitive)"),
    ]) func label(_ yaml: String, _ label: String) throws {
        #expect(try declared(CommandResource.self, yaml).label == label)
    }
}
