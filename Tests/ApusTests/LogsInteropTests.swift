import Base
import FoundationEssentials
import Glibc
import TestKit
import Testing

/// What `apus logs` stores is read by the programs that everybody has: nobody is locked in.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LogsInteropTests {
    private static let lines = LogsKillTests.lines(from: 0, count: 20_000)

    private struct Entry: Decodable {
        let generation: String
        let key: String
        let sha256: String
        let size: Int
        let lines: Int
        let storedSize: Int
    }

    /// The only object of a host's folder store, and the manifest's only line.
    private func archive(_ host: LogsHost) async throws -> (object: String, entry: Entry) {
        try TextFile.append(host.log(), LogsInteropTests.lines)
        try await host.expect(0, "rotate", "--force")
        let object = try #require(host.objects().first)
        #expect(host.objects().count == 1)
        return (object, try entry(TextFile.read(try #require(host.manifests().first))))
    }

    private func entry(_ line: String) throws -> Entry {
        try JSONDecoder().decode(Entry.self, from: Data(line.utf8))
    }

    private func expectDigest(_ host: LogsHost, _ file: String, _ sha256: String) async throws {
        let told = try await host.peer("openssl", ["dgst", "-sha256", "-r", file])
        #expect(told.hasPrefix(sha256), "openssl says \(told), the archive \(sha256)")
    }

    @Test(arguments: [
        ("zstd", "level: 3", "zstd", ".log.zst"), ("zstd", "level: 19, long: 24, threads: 2", "zstd", ".log.zst"),
        ("gzip", "level: 6", "gzip", ".log.gz"),
    ])
    func theUsualProgramsExpandIt(algorithm: String, options: String, program: String, suffix: String) async throws {
        try Peers.require(program, "openssl")
        let host = try LogsHost()
        try host.rule("compress: { algorithm: \(algorithm), \(options) }\n" + host.upload)
        let (object, entry) = try await archive(host)
        #expect(object.hasSuffix(suffix))
        #expect(entry.storedSize == Int(TextFile.status(object)?.st_size ?? 0))
        #expect(entry.size == LogsInteropTests.lines.utf8.count && entry.lines == 20_000)
        let plain = "\(host.out)/plain"
        try await host.peer("/bin/sh", ["-c", "\(program) -dc < \"$1\" > \"$2\"", "sh", object, plain])
        #expect(TextFile.read(plain) == LogsInteropTests.lines)
        try await expectDigest(host, plain, entry.sha256)
        try await host.peer(program, ["-tq", object])
    }

    @Test func thePythonReaderOpensItWithTheKeyRing() async throws {
        let host = try LogsHost()
        try await host.expect(0, "key", "create", "\(host.out)/keys")
        try host.rule("compress: { level: 3 }\nencrypt: { key_id: \"file:\(host.out)/keys\" }\n" + host.upload)
        let (object, entry) = try await archive(host)
        #expect(object.hasSuffix(".log.zst.enc"))
        let reader = "\(ApusProgram.root())/docs/read_log.py"
        let (sealed, plain) = ("\(host.out)/plain.zst", "\(host.out)/plain")
        let script = "\"$1\" \"$2\" \"$3\" \"$4\" > \"$5\" && zstd -dcq \"$5\" > \"$6\""
        try await host.peer(
            "/bin/sh", ["-c", script, "sh", Peers.python, reader, "\(host.out)/keys", object, sealed, plain])
        #expect(TextFile.read(plain) == LogsInteropTests.lines)
        try await expectDigest(host, plain, entry.sha256)
        // A ring of somebody else's opens nothing.
        try await host.expect(0, "key", "create", "\(host.out)/other")
        let other = try await ChildProcess.run(Peers.python, [reader, "\(host.out)/other", object], folder: host.out)
        #expect(other.code != 0 && other.output.isEmpty)
    }

    @Test func theCloudsOwnToolFetchesTheObject() async throws {
        let moto = try await LogsMoto.shared()
        let host = try LogsHost(environment: moto.environment)
        let target = LogsMoto.newTarget()
        try host.rule(
            """
            tags: { site: "north, 1" }
            compress: { algorithm: gzip }
            upload: { target: "\(target)", endpoint: "\(moto.endpoint)", tags: { team: web } }
            """)
        try TextFile.append(host.log(), LogsInteropTests.lines)
        try await host.expect(0, "rotate", "--force")
        let aws = ["--endpoint-url", moto.endpoint]
        let listing = try await host.peer(LogsKillTests.aws, aws + ["s3", "ls", "--recursive", target])
        let keys = listing.split(separator: "\n").compactMap { $0.split(separator: " ").last.map(String.init) }
        let key = try #require(keys.first { $0.hasSuffix(".log.gz") })
        let manifest = try #require(keys.first { $0.hasSuffix(".jsonl") })
        try await host.peer(
            LogsKillTests.aws, aws + ["s3", "cp", "--quiet", "s3://store/\(manifest)", "\(host.out)/manifest"])
        let entry = try entry(TextFile.read("\(host.out)/manifest"))
        let object = "\(host.out)/object.gz"
        try await host.peer(LogsKillTests.aws, aws + ["s3", "cp", "--quiet", "s3://store/\(key)", object])
        try await host.peer("/bin/sh", ["-c", "gzip -dc < \"$1\" > \"$2\"", "sh", object, "\(host.out)/plain"])
        #expect(TextFile.read("\(host.out)/plain") == LogsInteropTests.lines)
        try await expectDigest(host, "\(host.out)/plain", entry.sha256)
        // What the object says of itself.
        let query = "Metadata.[\"apus-sha256\", \"apus-generation\", \"apus-lines\"]"
        let words = ["s3api", "head-object", "--bucket", "store", "--key", key, "--output", "text", "--query", query]
        let said = try await host.peer(LogsKillTests.aws, aws + words).split { $0.isWhitespace }.map(String.init)
        #expect(said == [entry.sha256, entry.generation, "20000"])
        // And what `fetch` brings is the same object.
        try await host.expect(0, "fetch", "--into", host.out)
        let name = try #require(key.split(separator: "/").last)
        try await host.peer("cmp", ["\(host.out)/\(name)", object])
    }

    @Test func keysOfTheCloudSealAndOpen() async throws {
        let moto = try await LogsMoto.shared()
        let host = try LogsHost(environment: moto.environment)
        try host.rule(
            """
            compress: { level: 1 }
            encrypt: { method: aes-256-gcm, key_id: "kms://apus" }
            upload: { target: "\(LogsMoto.newTarget())", endpoint: "\(moto.endpoint)" }
            """)
        try TextFile.append(host.log(), LogsInteropTests.lines)
        try await host.expect(0, "rotate", "--force")
        #expect(try await host.archived(host.log()) == LogsInteropTests.lines)
        let listed = try await host.expect(0, "list", "--output", "json").output
        #expect(listed.contains("kms://apus") && listed.contains("arn:aws:kms:us-east-1"), "\(listed)")
        try await host.expect(0, "verify", "--all")
        // Without the service nothing is opened, and nothing is written as if it were.
        let words = ["logs", "cat", host.log(), "--rules", "\(host.folder.path)/rules", "--state", host.state]
        var environment = moto.environment
        environment["AWS_ENDPOINT_URL_KMS"] = "http://127.0.0.1:1"
        let alone = try await ChildProcess.run(ApusProgram.path, words, environment: environment, folder: host.out)
        #expect(alone.code == 1 && alone.output.isEmpty, "\(alone.output.prefix(200))\(alone.errors)")
    }
}
