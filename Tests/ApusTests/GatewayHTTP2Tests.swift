import Base
import FoundationEssentials
import TestKit
import Testing

/// HTTP/2 towards clients, frame by frame, by prior knowledge and over TLS: `Tests/peers/gateway/http2.py` has the cases, and
/// runs one of them by hand.
@Suite(.timeLimit(.minutes(5))) struct GatewayHTTP2Tests {
    private struct Outcome: Decodable {
        let name: String
        let rfc: String
        let passed: Bool
        let problems: [String]
        let log: [String]
    }

    @Test func itHolds() async throws {
        try Peers.require("openssl")
        let (outcomes, result) = try await run()
        for outcome in outcomes where !outcome.passed {
            Issue.record(
                """
                \(outcome.name) (\(outcome.rfc))
                \(outcome.problems.joined(separator: "\n"))
                \(outcome.log.suffix(40).joined(separator: "\n"))
                """)
        }
        #expect(result.code == 0, "\(result.errors)\(Peers.hint)")
        #expect(outcomes.count >= 500)
        #expect(Set(outcomes.map(\.name)).count == outcomes.count)
    }

    /// The runner tells good from bad: a case that awaits what does not come fails, with a reason.
    @Test func aGatewayThatDoesNotStartIsNoPass() async throws {
        let result = try await GatewayPeers.run(
            "http2.py", ["--apus", "/bin/false", "--output", "json", "--only", "ping$"], against: "apus",
            folder: TemporaryFolder())
        #expect(result.code != 0)
        #expect(result.output.isEmpty)
    }

    private func run() async throws -> ([Outcome], (code: Int32, output: String, errors: String)) {
        let result = try await GatewayPeers.run(
            "http2.py", ["--limit", "15", "--output", "json"], against: "apus", folder: TemporaryFolder())
        let outcomes = try result.output.split(separator: "\n").map {
            try JSONDecoder().decode(Outcome.self, from: Data($0.utf8))
        }
        return (outcomes, result)
    }
}
