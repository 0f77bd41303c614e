import Base
import Glibc
import TestKit
import Testing

/// The `sync` component in the real daemon: drift as metrics, and brought back where it is told to.
@Suite(.timeLimit(.minutes(3))) struct SyncComponentTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            "site.yaml",
            """
            resources:
              - file: { path: "\(folder.path)/declared", content: "as declared\\n", mode: "0640" }
              - file: { path: "\(folder.path)/other", content: "x" }
            """)
    }

    private func configuration(_ action: String) -> String {
        """
        admin: { listen: "127.0.0.1:0" }
        sync: { site: "\(folder.path)/site.yaml", local: true, interval: 10s, action: \(action) }

        """
    }

    private func metric(_ name: String, _ apus: RunningApus) async throws -> Double? {
        try await Client.metric(name, at: try #require(apus.address))
    }

    @Test func tellsDriftAsMetrics() async throws {
        let apus = try await ApusProgram.run(configuration("report"), folder: folder)
        try await eventually("the first check is told") {
            try await self.metric(#"apus_sync_resources{host="localhost",state="drifted"}"#, apus) == 2
        }
        #expect(try await metric(#"apus_sync_hosts{status="drifted"}"#, apus) == 1)
        #expect(try await metric(#"apus_sync_host_reachable{host="localhost"}"#, apus) == 1)
        #expect(access("\(folder.path)/declared", F_OK) != 0, "it only looks")
        #expect(apus.errors.contains(#""message":"host drift""#))
    }

    @Test func bringsBackWhatDrifted() async throws {
        let apus = try await ApusProgram.run(configuration("apply"), folder: folder)
        try await eventually("the file is there") {
            (try? Files.read("\(self.folder.path)/declared")) == Array("as declared\n".utf8)
        }
        try await eventually("it is told") {
            try await self.metric(#"apus_sync_last_check_timestamp_seconds"#, apus) ?? 0 > 0
        }
    }

    @Test func aBrokenSiteIsToldAndNothingElseHappens() async throws {
        try folder.write("site.yaml", "resources:\n  - fiel: {}\n")
        let apus = try await ApusProgram.run(configuration("apply"), folder: folder)
        try await eventually("the complaint is logged") { apus.errors.contains("drift check failed") }
        #expect(apus.errors.contains("unknown key"))
        #expect(try await metric("apus_sync_check_failures_total", apus) == 1)
        #expect(try await Client.get("\(try #require(apus.address))/readyz").status == 200)
    }
}
