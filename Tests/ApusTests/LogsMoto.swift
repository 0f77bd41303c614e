import Base
import FoundationEssentials
import TestKit
import Testing

/// moto's S3 and KMS, one for all tests of this process; it ends with it.
final class LogsMoto: Sendable {
    private struct Description: Decodable {
        let endpoint: String
        let accessKeyID: String
        let secretAccessKey: String
    }

    private let folder: TemporaryFolder
    private let child: ChildProcess
    private let description: Description

    /// `http://127.0.0.1:41234`
    var endpoint: String { description.endpoint }

    var environment: [String: String?] {
        [
            "AWS_ACCESS_KEY_ID": description.accessKeyID, "AWS_SECRET_ACCESS_KEY": description.secretAccessKey,
            "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL_KMS": endpoint,
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        ]
    }

    /// A prefix that no other test has: `s3://store/test-5f2c/`.
    static func newTarget() -> String { "s3://store/test-\(String(UInt64.random(in: 0...UInt64.max), radix: 16))/" }

    private init() async throws {
        folder = try TemporaryFolder()
        child = try Peers.start("s3/moto_peer.py", [folder.path], folder: folder)
        let child = child
        try await eventually("moto is there") { child.output.hasSuffix("\n") || child.hasEnded }
        try #require(child.output.hasSuffix("\n"), "\(child.errors)\(Peers.hint)")
        description = try JSONDecoder().decode(Description.self, from: Data(child.output.utf8))
    }

    static func shared() async throws -> LogsMoto { try await Shared.one.moto() }

    private actor Shared {
        static let one = Shared()
        private var running: Task<LogsMoto, any Error>?

        func moto() async throws -> LogsMoto {
            if let running { return try await running.value }
            let task = Task { try await LogsMoto() }
            running = task
            return try await task.value
        }
    }
}

/// A way to a server that can be cut and mended (`peers/logs/relay.py`).
final class LogsRelay {
    let port: Int
    private let target: String
    private let folder: TemporaryFolder
    private var child: ChildProcess?

    /// Cut at first.
    init(to endpoint: String) async throws {
        folder = try TemporaryFolder()
        target = String(endpoint.dropFirst("http://".count))
        // Once, for a port that is free.
        let first = try Peers.start("logs/relay.py", [target], folder: folder)
        try await eventually("a relay") { first.output.hasSuffix("\n") || first.hasEnded }
        port = try #require(Int(first.output.split(separator: "\n").first ?? ""), "\(first.errors)")
        first.signal(9)
        _ = await first.wait()
    }

    func mend() async throws {
        let relay = try Peers.start("logs/relay.py", [target, "\(port)"], folder: folder)
        try await eventually("the relay") { relay.output.hasSuffix("\n") || relay.hasEnded }
        try #require(relay.output.hasSuffix("\n"), "\(relay.errors)")
        child = relay
    }

    func cut() async {
        child?.signal(9)
        _ = await child?.wait()
        child = nil
    }
}
