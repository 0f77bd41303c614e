import Base
import FoundationEssentials
import Glibc
import TestKit
import Testing

/// Every file of `Tests/peers/gateway/cases`, through the gateway between a client of raw bytes and a strict upstream.
/// `cases/README.md` explains the format; `conformance.py` runs one case by hand, also through nginx or HAProxy.
@Suite(.timeLimit(.minutes(10))) struct GatewayConformanceTests {
    @Test(arguments: try GatewayCase.all())
    func itHolds(_ subject: GatewayCase) async throws {
        let outcome = try await GatewayOutcomes.shared.value[subject.name]
        let found = try #require(outcome, "\(subject.name) was not run")
        #expect(
            found.passed,
            "\(found.title)\n\(found.problems.joined(separator: "\n"))\n\(found.log.joined(separator: "\n"))")
    }

    @Test func thereAreCasesForEveryTopic() throws {
        let names = try GatewayCase.all().map(\.name)
        let topics = Set(names.compactMap { $0.split(separator: "-").first.map(String.init) })
        #expect(names.count >= 200)
        #expect(
            topics.isSuperset(of: [
                "answer", "bad", "body", "expect", "forwarded", "hop", "host", "interim", "limits", "line", "nobody",
                "persistent", "pipeline", "smuggling", "target", "trace", "trailers", "upgrade", "via",
            ]))
    }

    /// The runner tells good from bad: nginx is known to refuse the first, and to let the second and third through.
    @Test(arguments: [
        ("smuggling-cl-te", true), ("smuggling-no-colon", false), ("host-userinfo", false), ("pipeline-order", true),
        ("hop-connection-listed", false),
    ])
    func nginxIsSeenAsItIs(name: String, passes: Bool) async throws {
        try Peers.require("nginx", "openssl")
        let outcomes = try await GatewayOutcomes.run(against: "nginx", only: "^\(name)$")
        #expect(outcomes[name]?.passed == passes, "\(outcomes)")
        #expect(outcomes[name]?.problems.isEmpty == passes)
    }
}

/// One file.
struct GatewayCase: Sendable, CustomTestStringConvertible {
    let name: String

    var testDescription: String { name }

    static func all() throws -> [GatewayCase] {
        let folder = GatewayPeers.script("cases")
        guard let entries = opendir(folder) else { throw Files.failure("read-failed", "cannot open \(folder)") }
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".case") { names.append(String(name.dropLast(".case".count))) }
        }
        return names.sorted().map { GatewayCase(name: $0) }
    }
}

/// All cases are run once, in one go: starting a gateway for each would take minutes.
enum GatewayOutcomes {
    struct Outcome: Decodable, Sendable {
        let name: String
        let title: String
        let passed: Bool
        let problems: [String]
        let log: [String]
    }

    static let shared = Task { try await run(against: GatewayPeers.subject, only: "") }

    static func run(against subject: String, only pattern: String) async throws -> [String: Outcome] {
        let result = try await GatewayPeers.run(
            "conformance.py", ["--output", "json", "--only", pattern], against: subject, folder: TemporaryFolder())
        let outcomes = try result.output.split(separator: "\n").map {
            try JSONDecoder().decode(Outcome.self, from: Data($0.utf8))
        }
        guard !outcomes.isEmpty else { throw ApusError(code: "no-outcomes", "\(result.errors)\(Peers.hint)") }
        return Dictionary(uniqueKeysWithValues: outcomes.map { ($0.name, $0) })
    }
}
