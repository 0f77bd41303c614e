import Base
import Glibc
import Synchronization
import TestKit
import Testing

/// What an operator is told: by `check`, `status`, `key`, `import`, and beside a daemon.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LogsOperatorTests {
    @Test func aHookMayLeaveAServiceBehind() async throws {
        let host = try LogsHost()
        let pidFile = "\(host.out)/pid"
        try host.rule("hooks: { postRotate: { shell: 'sleep 1000 & echo $! > \(pidFile); exit 0', timeout: 1s } }")
        try TextFile.append(host.log(), "one\n")
        try await host.expect(0, "rotate", "--force")
        let pid = try #require(Int32(TextFile.read(pidFile).split(separator: "\n").first ?? ""))
        #expect(kill(pid, SIGKILL) == 0, "it goes on")
        #expect(try await host.archived(host.log()) == "one\n")
    }

    /// Names of logs and words of hooks are anybody's, and the operator's terminal is not theirs.
    @Test func nothingCommandsTheTerminal() async throws {
        let host = try LogsHost()
        try host.rule(
            """
            rotate: { naming: number, keep: 0 }
            hooks: { lastAction: { shell: 'printf "\\033]0;title\\007\\000" >&2; exit 1' } }
            """)
        try TextFile.append(host.log("a\u{1B}[31m\nb.log"), "one\n")
        let result = try await host.expect(3, "rotate", "--force")
        for text in [result.output, result.errors] {
            #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" }, "\(text.debugDescription)")
        }
        #expect(result.output.contains(#"rotated    \#(host.logs)/a\x1b[31m\x0ab.log"#), "\(result.output)")
        #expect(result.errors.contains(#"\x1b]0;title\x07"#), "\(result.errors)")
        // And why it is stored nowhere.
        #expect(result.output.contains("stored nowhere: rotate.keep\n"), "\(result.output)")
    }

    @Test func checkCountsItsWarnings() async throws {
        let host = try LogsHost()
        try host.rule("rotate: { size: 1M }")
        #expect(try await host.expect(0, "check").output == "1 rule, all good\n")
        try host.rule("encrypt: { key_id: \"file:\(host.out)/ring\" }")
        let doubtful = try await host.expect(0, "check")
        #expect(doubtful.output == "1 rule, no mistake, 2 warnings\n")
        #expect(doubtful.errors.contains("warning: encrypt.key_id: there is no key ring at \(host.out)/ring"))
    }

    @Test func checkOfTheDaemonsFileReadsTheRules() async throws {
        let host = try LogsHost()
        let file = try host.folder.write(
            "apus.yaml", "logsync: { rules: \"\(host.folder.path)/rules\", state: \"\(host.state)\" }\n")
        func check() async throws -> (code: Int32, output: String, errors: String) {
            try await ChildProcess.run(ApusProgram.path, ["check", file], folder: host.out)
        }
        try host.rule("rotate: { size: 1M }")
        let right = try await check()
        #expect(right.code == 0 && right.errors == "", "\(right.errors)")
        try host.rule("rotate: { size: much }")
        let wrong = try await check()
        #expect(wrong.code == 65 && wrong.output == "", "\(wrong.output)")
        #expect(
            wrong.errors.contains("\(file):1:19: logsync.rules: \(host.folder.path)/rules/app.yaml:2:17: rotate.size"))
        // Where the file is only looked at, the rules need not be.
        unlink("\(host.folder.path)/rules/app.yaml")
        rmdir("\(host.folder.path)/rules")
        let absent = try await check()
        #expect(absent.code == 0 && absent.errors.contains("warning: logsync.rules: cannot read"), "\(absent.errors)")
    }

    @Test func statusTellsOfRulesWithoutGenerations() async throws {
        let host = try LogsHost()
        try host.rule("rotate: { size: 1M }")
        let rule = #"{"kind":"rule","rule":"app","here":0,"waiting":0,"waitingBytes":0,"oldest":null}"# + "\n"
        #expect(try await host.expect(0, "status", "--output", "json").output == rule)
        try TextFile.append(host.log(), "one\n")
        try await host.expect(0, "rotate", "--force")
        let lines = try await host.expect(0, "status", "--output", "json").output.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].contains(#""here":1"#) && lines[1].hasPrefix(#"{"kind":"generation""#))
    }

    @Test func keyRingsShowTheirVersions() async throws {
        let host = try LogsHost()
        let ring = "\(host.out)/ring"
        #expect(try await host.expect(0, "key", "create", ring).output.hasSuffix(", version 1 wraps from now on\n"))
        #expect(try await host.expect(0, "key", "rotate", ring).output.hasSuffix(", version 2 wraps from now on\n"))
        let lines = try await host.expect(0, "key", "list", ring).output.split(separator: "\n")
        #expect(lines.count == 3 && lines[0].hasSuffix(", 2 versions"))
        #expect(lines[1].hasPrefix("version 2  20") && lines[1].hasSuffix("Z  wraps new files"))
        #expect(lines[2].hasPrefix("version 1  20") && lines[2].hasSuffix("Z"))
        let secrets = TextFile.read(ring).split(separator: "\n").filter { $0.hasPrefix("key ") }.map { $0.suffix(44) }
        #expect(secrets.count == 2 && !secrets.contains { lines.joined().contains($0) })
    }

    @Test func importReplacesNoLinkAndReadsFilesOnly() async throws {
        let host = try LogsHost()
        let conf = try host.folder.write("a.conf", "/var/log/a.log {\n  daily\n}\n")
        let rules = "\(host.folder.path)/imported"
        mkdir(rules, 0o755)
        symlink("/nonexistent/mine", "\(rules)/a.yaml")
        let refused = try await host.expect(64, "import", conf, "--to", rules)
        #expect(refused.errors.contains("a.yaml is there already"))
        let forced = try await host.expect(0, "import", conf, "--to", rules, "--force")
        #expect(forced.errors.contains("systemctl disable --now logrotate.timer"))
        let fifo = "\(host.folder.path)/fifo"
        mkfifo(fifo, 0o600)
        for path in [fifo, "/dev/zero"] {
            #expect(try await host.expect(65, "import", path).errors.contains("\(path) is no regular file"))
        }
        let including = try host.folder.write("b.conf", "include /dev/zero\n/var/log/a.log {\n  daily\n}\n")
        let rest = try await host.expect(65, "import", including)
        #expect(rest.errors.contains("b.conf:1: logrotate: /dev/zero is no regular file"), "\(rest.errors)")
        #expect(rest.output.contains("/var/log/a.log"))
    }

    /// 3 says that something was lost on the way.
    @Test(arguments: [
        ("postrotate\n kill -HUP `cat /run/a.pid` || true\n endscript", Int32(0), "hint: "), ("mail root", 3, "note: "),
        ("renamecopy", 0, "hint: "), ("renamecopy\n olddir /mnt/old", 3, "note: "),
    ])
    func importTellsHintsFromLosses(directives: String, code: Int32, word: String) async throws {
        let host = try LogsHost()
        let conf = try host.folder.write("a.conf", "/var/log/a.log {\n daily\n \(directives)\n}\n")
        let result = try await host.expect(code, "import", conf)
        #expect(result.errors.hasPrefix(word), "\(result.errors)")
    }

    @Test func whoAsksADaemonIsToldWhatItDoes() async throws {
        let host = try LogsHost()
        let go = "\(host.out)/go"
        try host.rule("rotate: { naming: number }")
        let daemon = try host.start(["run", "--interval", "1h"])
        try await eventually("it has the lock") {
            TextFile.read("\(host.state)/lock") == "\(daemon.pid)" || daemon.hasEnded
        }
        try TextFile.append(host.log(), "one\n")
        let done = try await host.expect(0, "rotate", "--force")
        #expect(done.errors.contains("process \(daemon.pid) has rotated what could be of: all logs, due or not"))
        #expect(host.names(host.logs).contains("app.log.1"))
        let json = try await host.expect(0, "rotate", host.log(), "--output", "json")
        #expect(
            json.output == #"{"event":"rotation done by the daemon","process":\#(daemon.pid),"force":false,"#
                + #""only":["\#(host.log())"]}"# + "\n")
        // A hook keeps it: the request stays.
        try host.rule(
            "rotate: { naming: number }\nhooks: { preRotate: { shell: 'while [ ! -e \(go) ]; do sleep 0.05; done' } }")
        try TextFile.append(host.log(), "two\n")
        let busy = try await host.expect(3, "rotate", "--force")
        #expect(
            busy.errors.contains("asked process \(daemon.pid) to rotate all logs, due or not; no answer within 5 s"))
        try TextFile.write(go, "")
        try await eventually("it does it when it can") { host.names(host.logs).contains("app.log.2") }
        daemon.signal(SIGTERM)
        #expect(await daemon.wait() == 0, "\(daemon.errors)")
    }

    /// As `Type=notify` of the unit wants it.
    @Test func runTellsSystemdThatItIsReady() async throws {
        let receiver = try LogsNotifySocket()
        let host = try LogsHost(environment: ["NOTIFY_SOCKET": receiver.path])
        try host.rule("rotate: { size: 1M }")
        let daemon = try host.start(["run"])
        try await eventually("it is ready") {
            receiver.hears("READY=1\nSTATUS=working by the rules") || daemon.hasEnded
        }
        daemon.signal(SIGTERM)
        try await eventually("it stops") { receiver.hears("STOPPING=1") || daemon.hasEnded }
        #expect(await daemon.wait() == 0, "\(daemon.errors)")
        #expect(receiver.hears("STOPPING=1") && receiver.hears("READY=1"))
    }
}

/// The service manager's end of sd_notify(3).
final class LogsNotifySocket: Sendable {
    let path: String
    private let folder: TemporaryFolder
    private let descriptor: Int32
    private let heard = Mutex<[String]>([])

    init() throws {
        folder = try TemporaryFolder()
        path = "\(folder.path)/notify"
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
    }

    deinit { close(descriptor) }

    func hears(_ start: String) -> Bool {
        heard.withLock { heard in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                heard.append(String(decoding: buffer[..<count], as: UTF8.self))
            }
            return heard.contains { $0.hasPrefix(start) }
        }
    }
}
