import Base
import FoundationEssentials
import Glibc
import TestKit
import Testing

/// `kill -9` at random moments, dozens of times, while a server writes: afterwards every line is archived or in the live log,
/// once, in order. A failing run is repeated with its seed.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LogsKillTests {
    private static let seed: UInt64 = 20_261_128

    /// How a rotation is done, in the words of a rule; `PID` is the writer's pid file.
    enum Way: String, CaseIterable, CustomTestStringConvertible {
        case renamed = "rotate: { reopen: { pidFile: PID, signal: USR1 } }"
        case hooked = "hooks: { postRotate: { shell: 'kill -USR1 $(cat PID)' } }\nrotate: { naming: number, keep: 5 }"
        /// ext4 takes the beginning out of the log; the writer is told nothing.
        case collapsed = "rotate: { method: copytruncate }"

        var testDescription: String { "\(self)" }
    }

    @Test(arguments: Way.allCases) func rotationsAreKilled(way: Way) async throws {
        let host = try LogsHost()
        let log = host.log()
        let writer = try await LogsWriter(host, log: log, rate: 6000)
        try host.rule(
            way.rawValue.replacing("PID", with: writer.pidFile) + "\ncompress: { level: 1 }\n" + host.upload)
        var random = SeededGenerator(seed: LogsKillTests.seed)
        var killed = 0
        for _ in 0..<24 where try await isKilled(host, within: 120, &random) { killed += 1 }
        #expect(killed >= 8, "a kill comes before the end in many runs")
        try await expectWhole(host, writer, log)
    }

    /// Runs `rotate --force`, and kills it after up to so many milliseconds.
    private func isKilled(
        _ host: LogsHost, within most: Int, _ random: inout SeededGenerator
    ) async throws -> Bool {
        let child = try host.start(["rotate", "--force", "--wait", "300ms"])
        try await Task.sleep(for: .microseconds(Int.random(in: 0...most * 1000, using: &random)))
        let isUnderWay = !child.hasEnded
        child.signal(SIGKILL)
        _ = await child.wait()
        return isUnderWay
    }

    /// Lets everything come to its end, and holds it against what was written.
    private func expectWhole(_ host: LogsHost, _ writer: LogsWriter, _ log: String) async throws {
        let last = try await host.apus("rotate", "--force")
        #expect(last.code == 0, "seed \(LogsKillTests.seed): \(last.output)\(last.errors)")
        let written = try await writer.end()
        // What was rotated while it was written: its writer is gone now.
        try await host.expect(0, "rotate")
        let text = try await host.archived(log) + TextFile.read(log)
        expectSame(text, written, "seed \(LogsKillTests.seed)")
        #expect(host.names(host.logs).filter { $0.hasPrefix(".apus") } == [], "working files are left")
        try await host.expect(0, "verify", "--all")
    }

    @Test(arguments: [Way.renamed, .collapsed]) func theDaemonIsKilled(way: Way) async throws {
        let host = try LogsHost()
        let log = host.log()
        let writer = try await LogsWriter(host, log: log, rate: 6000)
        try host.rule(
            way.rawValue.replacing("rotate: { ", with: "rotate: { size: 20KiB, ")
                .replacing("PID", with: writer.pidFile) + "\ncompress: { level: 1 }\n" + host.upload)
        var random = SeededGenerator(seed: LogsKillTests.seed &+ 1)
        for _ in 0..<6 {
            let daemon = try host.start(["run", "--interval", "1s"])
            try await Task.sleep(for: .milliseconds(Int.random(in: 50...1100, using: &random)))
            #expect(!daemon.hasEnded, "\(daemon.errors)")
            daemon.signal(SIGKILL)
            _ = await daemon.wait()
        }
        let daemon = try host.start(["run", "--interval", "1s"])
        let count = try await stored(host)
        try await eventually("the daemon goes on") { try await stored(host) > count }
        daemon.signal(SIGTERM)
        #expect(await daemon.wait() == 0, "\(daemon.errors)")
        try await expectWhole(host, writer, log)
    }

    private func stored(_ host: LogsHost) async throws -> Int {
        try await host.expect(0, "list", "--output", "json").output.split(separator: "\n").count
    }

    /// Parts of 5 MiB, encrypted, to moto's S3: what was sent is not sent again, and no upload is left.
    @Test func uploadsInPartsAreKilled() async throws {
        let moto = try await LogsMoto.shared()
        let host = try LogsHost(environment: moto.environment)
        let log = host.log()
        let target = LogsMoto.newTarget()
        try await host.expect(0, "key", "create", "\(host.out)/keys")
        try host.rule(
            """
            encrypt: { key_id: "file:\(host.out)/keys" }
            upload: { target: "\(target)", endpoint: "\(moto.endpoint)", partSize: 5MiB }
            """)
        var random = SeededGenerator(seed: LogsKillTests.seed &+ 2)
        var written = ""
        var killed = 0
        for round in 0..<2 {
            let text = LogsKillTests.lines(from: round * 100_000, count: 3600, bytes: 3000)
            try TextFile.append(log, text)
            written += text
            for _ in 0..<6 where try await isKilled(host, within: 450, &random) { killed += 1 }
        }
        #expect(killed >= 4)
        try await host.expect(0, "rotate", "--force")
        let found = try await host.archived(log) + TextFile.read(log)
        expectSame(found, written, "seed \(LogsKillTests.seed &+ 2)")
        try await host.expect(0, "verify", "--all")
        #expect(try await host.here() == [])
        let prefix = String(target.dropFirst("s3://store/".count).dropLast())
        let s3 = ["--endpoint-url", moto.endpoint, "--output", "text", "s3api"]
        let left = try await host.peer(
            LogsKillTests.aws, s3 + ["list-multipart-uploads", "--bucket", "store", "--query", "Uploads[].Key"])
        #expect(!left.contains(prefix), "an upload is left: \(left)")
        let keys = try await host.peer(
            LogsKillTests.aws,
            s3 + ["list-objects-v2", "--bucket", "store", "--prefix", prefix, "--query", "Contents[].Key"])
        let objects = keys.split { $0.isWhitespace }.filter { !$0.contains("/apus-manifest/") }
        #expect(objects.count == (try await stored(host)), "each object is in the manifest, once: \(keys)")
    }

    /// Beside the Python of the tests.
    static var aws: String { Peers.python.replacing("/python3", with: "/aws") }

    /// Numbered lines of so many bytes, none like another.
    static func lines(from start: Int, count: Int, bytes: Int = 120) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(count * bytes)
        for number in start..<start + count {
            let word = Array("\(number) \(String((number &* 2_654_435_761) % 4_294_967_296, radix: 16)) ".utf8)
            var line = word
            while line.count < bytes - 1 { line += word }
            text += line.prefix(bytes - 1) + [UInt8(ascii: "\n")]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
