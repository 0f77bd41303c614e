import Base
import FoundationEssentials
import TestKit
import Testing

/// `make bench-logs` on a megabyte, so that it does not rot: every contender's object must open to what the log was.
@Suite(.timeLimit(.minutes(5))) struct LogsBenchTests {
    private struct Row: Decodable {
        let contender: String
        let plainBytes: Int
        let storedBytes: Int?
        let wallSeconds: Double
        let cpuSeconds: Double
        let peakProcessBytes: Int
        let problem: String?
    }

    @Test func theContendersBringTheirObjectsAndAreMeasured() async throws {
        let folder = try TemporaryFolder()
        let (code, output, errors) = try await ChildProcess.run(
            "python3",
            [
                "\(ApusProgram.root())/Benchmarks/logs/run.py", "--apus", ApusProgram.path, "--tiny", "--folder",
                folder.path,
                "--output", "json",
            ], folder: folder.path)
        #expect(code == 0, "\(output)\(errors)")
        let rows = try JSONDecoder().decode([Row].self, from: Data(output.utf8))
        // The AWS command line is not among the tests' tools: run.sh brings it.
        #expect(Set(rows.map(\.contender)).isSuperset(of: ["apus", "rclone"]), "\(errors)")
        for row in rows {
            #expect(row.problem == nil, "\(row)")
            #expect(row.plainBytes > 900_000 && row.plainBytes <= 1_000_000, "\(row)")
            #expect(row.storedBytes.map { $0 > 50_000 && $0 < row.plainBytes / 4 } == true, "\(row)")
            #expect(row.wallSeconds > 0 && row.cpuSeconds > 0 && row.peakProcessBytes > 1 << 20, "\(row)")
        }
    }
}
