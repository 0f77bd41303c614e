import Base
import TestKit

/// What the tests of `apus gateway` share: the programs of `Tests/peers/gateway`, and which proxy they put to the test.
enum GatewayPeers {
    /// `$APUS_GATEWAY_AGAINST`: `apus`, or `nginx` or `haproxy` to compare (many cases fail there: it is no pass or fail).
    static var subject: String { ProcessEnvironment.current()["APUS_GATEWAY_AGAINST"] ?? "apus" }

    static func script(_ name: String) -> String { Peers.script("gateway/\(name)") }

    /// Runs one of the Python programs to its end against the proxy under test.
    static func run(
        _ script: String, _ arguments: [String], against subject: String = subject, folder: TemporaryFolder
    ) async throws -> (code: Int32, output: String, errors: String) {
        try await ChildProcess.run(
            Peers.python,
            [self.script(script), "--against", subject, "--apus", ApusProgram.path] + arguments, folder: folder.path)
    }
}
