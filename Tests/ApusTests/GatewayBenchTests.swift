import Base
import FoundationEssentials
import TestKit
import Testing

/// `make bench-gateway` with a little of all, so that it does not rot.
@Suite(.timeLimit(.minutes(5))) struct GatewayBenchTests {
    private struct Row: Decodable {
        let part: String
        let contender: String
        let problem: String?
        let failed: Int?
        let held: Int?
        let p50: Int?
        let p99: Int?
        let perSecond: Double?
    }

    @Test func everyContenderIsMeasured() async throws {
        try Peers.require("nginx", "haproxy", "openssl", "clang")
        var contenders = ["nginx", "haproxy"]
        if GatewayPeers.subject == "apus" { contenders.insert("apus", at: 0) }
        let folder = try TemporaryFolder()
        let script = "\(ApusProgram.root())/Benchmarks/gateway/run.py"
        let (code, output, errors) = try await ChildProcess.run(
            "python3",
            [
                script, "--apus", ApusProgram.path, "--only", contenders.joined(separator: ","), "--quick", "--folder",
                folder.path, "--output", "json",
            ], folder: folder.path)
        #expect(code == 0, "\(errors)")
        let rows = try JSONDecoder().decode([Row].self, from: Data(output.utf8))
        for part in ["cpu", "latency", "idle", "many"] {
            let seen = Set(rows.filter { $0.part == part }.map(\.contender))
            #expect(seen.isSuperset(of: contenders), "\(part): \(seen)")
        }
        for row in rows {
            #expect(row.problem == nil && row.failed == 0, "\(row)")
            #expect(row.held.map { $0 == (row.part == "idle" ? 300 : 600) } ?? true, "\(row)")
            if let p50 = row.p50, let p99 = row.p99 { #expect(p50 > 0 && p99 >= p50, "\(row)") }
        }
    }
}
