import Base
import CloudAPI
import Glibc
import HTTPTransport
import TestKit

/// A real server of objects, started once for all tests of this process; it ends with it.
final class StorePeer: Sendable {
    let endpoint: String
    let json: JSON
    private let child: ChildProcess
    private let folder: TemporaryFolder

    /// Waits for the line of JSON with which our peers say that they are there.
    private init(_ script: String, _ arguments: [String] = []) async throws {
        folder = try TemporaryFolder()
        child = try ChildProcess(
            StorePeer.python, ["\(ApusProgram.root())/Tests/peers/\(script)", folder.path] + arguments,
            folder: folder.path)
        let child = child
        try await eventually("\(script) is there") { child.output.hasSuffix("\n") || child.hasEnded }
        guard child.output.hasSuffix("\n") else {
            throw ApusError(
                code: "no-peer", "\(script): \(child.errors)\n(run scripts/install-test-tools.sh)")
        }
        json = try JSON.parse(Array(child.output.utf8.prefix { $0 != UInt8(ascii: "\n") }))
        endpoint = json["endpoint"]?.string ?? ""
    }

    /// A proxy in front of a server that spoils most requests; it ends with its last reference.
    static func faults(before peer: StorePeer) async throws -> StorePeer {
        try await StorePeer("s3/fault_proxy.py", [String(peer.endpoint.dropFirst("http://".count))])
    }

    func text(_ name: String) -> String { json[name]?.string ?? "" }

    var credentials: CloudCredentials {
        CloudCredentials(accessKeyID: text("accessKeyID"), secretAccessKey: Secret(text("secretAccessKey")))
    }

    /// `$APUS_PYTHON`, or the virtual environment that scripts/install-test-tools.sh fills, or what PATH has.
    static var python: String {
        if let chosen = ProcessEnvironment.current()["APUS_PYTHON"] { return chosen }
        let local = "\(ApusProgram.root())/.venv/bin/python3"
        return access(local, X_OK) == 0 ? local : "python3"
    }

    static let http = HTTPTransport(responseBodyLimit: 17 << 20)

    static func moto() async throws -> StorePeer { try await Peers.shared.peer("s3/moto_peer.py") }
    static func s3api() async throws -> StorePeer { try await Peers.shared.peer("s3api/s3api_peer.py") }
    static func odd() async throws -> StorePeer { try await Peers.shared.peer("s3/odd_server.py") }
    static func oss() async throws -> StorePeer { try await Peers.shared.peer("oss_server.py") }

    private actor Peers {
        static let shared = Peers()
        private var running: [String: Task<StorePeer, any Error>] = [:]

        func peer(_ script: String) async throws -> StorePeer {
            if let task = running[script] { return try await task.value }
            let task = Task { try await StorePeer(script) }
            running[script] = task
            return try await task.value
        }
    }
}
