import Base
import FoundationEssentials
import TestKit
import Testing

/// What the gateway survives, with few of each: `Tests/peers/gateway/faults.py NAME` runs the large numbers by default, and
/// nginx or HAProxy in its place by `--against`.
@Suite(.timeLimit(.minutes(10))) struct GatewayFaultTests {
    @Test(arguments: [
        ("restart", 3), ("reload", 100), ("aborts", 5000), ("slow", 2000), ("leavers", 400), ("flaky", 1000),
    ])
    func itIsSurvived(_ fault: String, count: Int) async throws {
        try Peers.require("nginx", "openssl", "clang")
        try await GatewayPeers.expectNoProblem("faults.py", [fault, "--count", "\(count)"])
    }
}

/// Real clients before the gateway, real servers behind it: `Tests/peers/gateway/clients.py`.
@Suite(.timeLimit(.minutes(10))) struct GatewayClientTests {
    @Test(arguments: ["websockets", "curl", "nghttp", "h2load", "resets"])
    func theyAreServed(_ name: String) async throws {
        try Peers.require("nginx", "openssl", "curl", "nghttp", "h2load")
        try await GatewayPeers.expectNoProblem("clients.py", [name])
    }
}

extension GatewayPeers {
    private struct Outcome: Decodable {
        let problems: [String]
    }

    /// Runs a program that prints its `problems` as JSON; each of them fails the test.
    static func expectNoProblem(
        _ script: String, _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let result = try await run(script, arguments, folder: TemporaryFolder())
        guard let outcome = try? JSONDecoder().decode(Outcome.self, from: Data(result.output.utf8)) else {
            Issue.record("\(script) \(arguments): \(result.errors)\(Peers.hint)", sourceLocation: sourceLocation)
            return
        }
        for problem in outcome.problems { Issue.record("\(arguments): \(problem)", sourceLocation: sourceLocation) }
        #expect((result.code == 0) == outcome.problems.isEmpty, "\(result)", sourceLocation: sourceLocation)
    }
}
