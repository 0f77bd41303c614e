import Base
import Glibc
import TestKit
import Testing

private let configuration = """
    admin: { listen: "127.0.0.1:0", reload: true }
    disk: { interval: 1s, timeout: 500ms, rules: [ { name: full, metric: usedPercent, above: 99 } ] }

    """

/// The binary's /metrics before the real readers: promtool, Prometheus and Python's parsers.
@Suite(.timeLimit(.minutes(5))) struct MetricsTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func start() async throws -> (apus: RunningApus, address: String) {
        let apus = try await ApusProgram.run(configuration, folder: folder)
        let address = try #require(apus.address)
        try await eventually("the first sample is there") {
            try await Client.get("\(address)/metrics").text.contains("apus_disk_size_bytes{")
        }
        return (apus, address)
    }

    @Test func promtoolFindsNothingToSay() async throws {
        try Peers.require("promtool")
        let (apus, address) = try await start()
        // Asked for twice, so that the series of the admin endpoint itself are there.
        let text = try folder.write("metrics.txt", try await Client.get("\(address)/metrics").text)
        let promtool = try ChildProcess("promtool", ["check", "metrics"], folder: folder.path, input: text)
        #expect(await promtool.wait() == 0)
        #expect(promtool.output.isEmpty && promtool.errors.isEmpty, "\(promtool.output)\(promtool.errors)")
        withExtendedLifetime(apus) {}
    }

    @Test func pythonReadsEveryFormThatIsNegotiated() async throws {
        let (apus, address) = try await start()
        try await Peers.run("prometheus/expositions.py", [address], folder: folder)
        withExtendedLifetime(apus) {}
    }

    @Test func aRealPrometheusScrapesItWithoutAnError() async throws {
        try Peers.require("prometheus")
        let (apus, address) = try await start()
        let said = try await Peers.run(
            "prometheus/server.py", [folder.path, address, "apus_disk_size_bytes"], folder: folder)
        let lines = said.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        try #require(lines.count >= 3, "\(said)")
        #expect(lines[0] == "up 1")
        #expect(lines[1] == "error ")
        #expect(lines[2].contains("\"/\""), "mounts: \(lines[2])")
        #expect(lines[3...].joined().isEmpty, "Prometheus warned: \(said)")
        withExtendedLifetime(apus) {}
    }

    /// More scrapes at once than are served get 503; no number of them, and no client that hangs up, does any harm.
    @Test func aStormOfScrapesIsSurvived() async throws {
        let (apus, address) = try await start()
        let said = try await Peers.run("prometheus/storm.py", [address, "40", "25"], folder: folder)
        #expect(said.contains("\"200\""), "\(said)")
        #expect(!apus.child.hasEnded)
        #expect(try await Client.get("\(address)/metrics").status == 200)
        #expect(!apus.errors.contains("component failed"))
    }

    /// A daemon runs as a user without privilege: what works as root need not work there.
    @Test func itServesWithoutPrivilege() async throws {
        try Peers.require("setpriv")
        let file = try folder.write("plain.yaml", "admin: { listen: \"127.0.0.1:0\" }\n")
        #expect(chmod(folder.path, 0o755) == 0 && chmod(file, 0o644) == 0)
        // Whoever may not read the checkout can read this copy.
        let program = "\(folder.path)/apus"
        let copy = try await ChildProcess.run("cp", [ApusProgram.path, program], folder: folder.path)
        try #require(copy.code == 0 && chmod(program, 0o755) == 0, "\(copy.errors)")
        let isRoot = getuid() == 0
        let drop = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"]
        let child = try ChildProcess(
            isRoot ? "setpriv" : program, (isRoot ? drop + [program] : []) + ["run", file],
            folder: folder.path)
        let marker = "\"address\":\""
        try await eventually("it says where it listens") { child.errors.contains(marker) || child.hasEnded }
        let rest = try #require(child.errors.firstRange(of: marker)).upperBound
        let address = child.errors[rest...].prefix { $0 != "\"" }
        for _ in 0..<3 {
            #expect(try await Client.get("\(address)healthz").status == 200, "\(child.errors)")
        }
        child.signal(SIGTERM)
        #expect(await child.wait() == 0)
        #expect(!child.errors.contains("component failed"))
    }
}
