import Base
import Glibc
import TestKit
import Testing

/// What is not there for a while: the store, room on the disk, the lock. Afterwards nothing is lost and nothing is twice.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LogsOutageTests {
    @Test func theStoreIsAwayForAWhile() async throws {
        let moto = try await LogsMoto.shared()
        let relay = try await LogsRelay(to: moto.endpoint)
        let host = try LogsHost(environment: moto.environment)
        let log = host.log()
        try host.rule(
            """
            rotate: { size: 1KiB }
            upload: { target: "\(LogsMoto.newTarget())", endpoint: "http://127.0.0.1:\(relay.port)",
              retry: { attempts: 1 }, timeout: 2s }
            """)
        var written = ""
        func round(_ code: Int32) async throws {
            let text = LogsKillTests.lines(from: written.utf8.count, count: 100)
            try TextFile.append(log, text)
            written += text
            try await host.expect(code, "rotate", "--force")
        }
        // Never seen yet; seen; gone; hanging, which is worse than gone; back.
        for _ in 0..<2 { try await round(3) }
        #expect(try await host.here().count == 2, "what could not be stored waits here")
        try await relay.mend()
        try await round(0)
        #expect(try await host.here() == [])
        await relay.cut()
        try await round(3)
        #expect(try await host.here().count == 1)
        // The daemon tries again by itself.
        let daemon = try host.start(["run", "--interval", "1s"])
        try await eventually("the daemon fails") { daemon.errors.contains("log archive failed") || daemon.hasEnded }
        try await relay.mend()
        try await eventually("the daemon stores what waits") { try await host.here() == [] }
        daemon.signal(SIGTERM)
        #expect(await daemon.wait() == 0, "\(daemon.errors)")
        expectSame(try await host.archived(log) + TextFile.read(log), written, "after the outages")
        try await host.expect(0, "verify", "--all")
    }

    /// One that is held up by a hook answers nobody.
    @Test func anotherInstanceIsRefused() async throws {
        let host = try LogsHost()
        let go = "\(host.out)/go"
        try host.rule("hooks: { preRotate: { shell: 'while [ ! -e \(go) ]; do sleep 0.05; done' } }\n" + host.upload)
        try TextFile.append(host.log(), "one\n")
        let first = try host.start(["rotate", "--force"])
        let lock = "\(host.state)/lock"
        try await eventually("the first one has the lock") { TextFile.read(lock) == "\(first.pid)" || first.hasEnded }
        let second = try await host.expect(1, "rotate", "--force")
        #expect(second.errors.contains("process \(first.pid) works with \(host.state)"), "\(second.errors)")
        #expect(TextFile.read(host.log()) == "one\n")
        // Reading goes on beside it.
        for command in ["status", "plan", "list"] { try await host.expect(0, command) }
        let nothing = try await host.expect(1, "verify")
        #expect(nothing.errors.contains("nothing is archived"), "\(nothing.errors)")
        first.signal(SIGKILL)
        _ = await first.wait()
        try TextFile.write(go, "")
        try await host.expect(0, "rotate", "--force")
        #expect(try await host.archived(host.log()) == "one\n")
    }

    @Test func aDaemonRotatesForTheOneWhoAsks() async throws {
        let host = try LogsHost()
        try host.rule(host.upload)
        let daemon = try host.start(["run", "--interval", "1h"])
        let lock = "\(host.state)/lock"
        try await eventually("it has the lock") { TextFile.read(lock) == "\(daemon.pid)" || daemon.hasEnded }
        for name in ["a.log", "b.log"] { try TextFile.append(host.log(name), "line\n") }
        try await host.expect(0, "rotate", "--force", host.log("b.log"))
        try await eventually("the daemon stores it") { try await host.archived(host.log("b.log")) == "line\n" }
        #expect(TextFile.read(host.log("a.log")) == "line\n", "only what was asked for")
        #expect(host.names(host.state) == ["journal", "lock"], "the request is gone")
        daemon.signal(SIGTERM)
        #expect(await daemon.wait() == 0, "\(daemon.errors)")
    }

    enum Full: String, CaseIterable, CustomTestStringConvertible {
        /// No ranges can be taken out of files there: the log is made empty.
        case tmpfs
        case ext4
        var testDescription: String { rawValue }
    }

    /// Log, generations and journal on one disk that is full: what cannot be done leaves everything as it was.
    @Test(arguments: Full.allCases, ["rename", "copytruncate"])
    func theDiskIsFull(kind: Full, method: String) async throws {
        let host = try LogsHost()
        let disk =
            try kind == .tmpfs
            ? TemporaryFileSystem("\(host.out)/disk", options: "size=4m,mode=755")
            : TemporaryFileSystem("\(host.out)/disk", imageBytes: 12 << 20)
        defer { withExtendedLifetime(disk) {} }
        let log = "\(disk.path)/app.log"
        let state = ["--state", "\(disk.path)/state"]
        let rules = ["--rules", "\(host.folder.path)/rules"]
        try host.rule("paths: [\"\(log)\"]\nrotate: { method: \(method) }\ncompress: { level: 1 }")
        let written = LogsKillTests.lines(from: 0, count: 10_000)
        try TextFile.append(log, written)
        func rotate(_ code: Int32) async throws {
            let result = try await ChildProcess.run(
                ApusProgram.path, ["logs", "rotate", "--force"] + rules + state, folder: host.out)
            #expect(result.code == code, "\(result.output)\(result.errors)")
            if code != 0 { #expect(result.errors.contains("No space left on device"), "\(result.errors)") }
        }
        // The first one, while there is room, makes the journal.
        let empty = try await ChildProcess.run(
            ApusProgram.path, ["logs", "rotate"] + rules + state, folder: host.out)
        #expect(empty.code == 0, "\(empty.errors)")
        try LogsOutageTests.fill("\(disk.path)/fill")
        for _ in 0..<3 { try await rotate(3) }
        #expect(host.names(disk.path).allSatisfy { !$0.hasPrefix(".apus") }, "no working file is left")
        unlink("\(disk.path)/fill")
        let more = LogsKillTests.lines(from: 10_000, count: 100)
        try TextFile.append(log, more)
        try await rotate(0)
        let archived = try await ChildProcess.run(
            ApusProgram.path, ["logs", "cat", log] + rules + state, folder: host.out)
        expectSame(archived.output + TextFile.read(log), written + more, "after the full disk")
    }

    /// Until nothing goes on it any more.
    private static func fill(_ path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        for size in [64 << 10, 4096, 1] {
            let piece = [UInt8](repeating: 1, count: size)
            while write(file, piece, size) == size {}
        }
        #expect(errno == ENOSPC)
        fsync(file)
    }

    /// The daemon meets the full disk, and goes on by itself when there is room.
    @Test func theDaemonOutlivesAFullDisk() async throws {
        let host = try LogsHost()
        let disk = try TemporaryFileSystem("\(host.out)/disk", options: "size=4m,mode=755")
        defer { withExtendedLifetime(disk) {} }
        let log = "\(disk.path)/app.log"
        try host.rule("paths: [\"\(log)\"]\nrotate: { size: 4KiB, method: copytruncate }\n" + host.upload)
        let written = LogsKillTests.lines(from: 0, count: 10_000)
        try TextFile.append(log, written)
        try LogsOutageTests.fill("\(disk.path)/fill")
        let daemon = try host.start(["run", "--interval", "1s"])
        try await eventually("it fails") { daemon.errors.contains("No space left on device") || daemon.hasEnded }
        unlink("\(disk.path)/fill")
        try await eventually("it goes on") { try await !host.archived(log).isEmpty || daemon.hasEnded }
        daemon.signal(SIGTERM)
        #expect(await daemon.wait() == 0, "\(daemon.errors)")
        expectSame(try await host.archived(log) + TextFile.read(log), written, "after the full disk")
    }
}
