import Base
import CloudAPI
import Glibc
import HTTPTransport
import TestKit

/// moto for the tests of this room, started once; it ends with this process.
final class CloudPeer: Sendable {
    let json: JSON
    private let child: ChildProcess
    private let folder: TemporaryFolder

    private init() async throws {
        folder = try TemporaryFolder()
        child = try ChildProcess(
            CloudPeer.python, ["\(ApusProgram.root())/Tests/peers/s3/moto_peer.py"], folder: folder.path)
        let child = child
        try await eventually("moto is there") { child.output.hasSuffix("\n") || child.hasEnded }
        guard child.output.hasSuffix("\n") else {
            throw ApusError(code: "no-peer", "\(child.errors)\n(run scripts/install-test-tools.sh)")
        }
        json = try JSON.parse(Array(child.output.utf8.prefix { $0 != UInt8(ascii: "\n") }))
    }

    func text(_ name: String) -> String { json[name]?.string ?? "" }

    var credentials: CloudCredentials {
        CloudCredentials(accessKeyID: text("accessKeyID"), secretAccessKey: Secret(text("secretAccessKey")))
    }

    func chain(_ credentials: CloudCredentials? = nil) -> CredentialChain {
        CredentialChain([FixedCredentials(credentials ?? self.credentials)], time: SystemTime())
    }

    /// `$APUS_PYTHON`, or the virtual environment that scripts/install-test-tools.sh fills, or what PATH has.
    static var python: String {
        if let chosen = ProcessEnvironment.current()["APUS_PYTHON"] { return chosen }
        let local = "\(ApusProgram.root())/.venv/bin/python3"
        return access(local, X_OK) == 0 ? local : "python3"
    }

    static let http = HTTPTransport(responseBodyLimit: 1 << 20)
    static func moto() async throws -> CloudPeer { try await shared.value }
    private static let shared = Task { try await CloudPeer() }
}
