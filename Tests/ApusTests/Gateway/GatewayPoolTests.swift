import Glibc
import TestKit
import Testing

/// Limits of connections hold over all workers, and nobody waits for ever because another worker has them.
@Suite(.timeLimit(.minutes(2))) struct GatewayPoolTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test(arguments: [
        "pool: { maxConnectionsPerHost: 1, pendingTimeout: 15s }", "pool: { maxConnections: 1, pendingTimeout: 15s }",
        "pool: { maxConnections: 2, maxConnectionsPerHost: 1, pendingTimeout: 15s }",
    ])
    func fewConnectionsServeAllWorkersAndHosts(_ pool: String) async throws {
        let first = try await ScriptedUpstream("a", folder: folder)
        let second = try await ScriptedUpstream("b", folder: folder)
        let rig = try await GatewayRig.start(
            """
              workers: 3
              routes: [{ upstream: app }]
              upstreams:
                app: { hosts: [\(first.host), \(second.host)], \(pool) }
            """, folder: folder)
        let all = try await rig.together("/?delay=0.01", count: 40)
        #expect(all == [Int](repeating: 200, count: 40))
        // One connection a request, so that the workers take turns while the other has the kept connection.
        for _ in 1...12 { #expect(try await rig.get("/").status == 200) }
        try await rig.waitForMetric("apus_gateway_pool_pending{upstream=\"app\"}") { $0 == 0 }
        let most = pool.contains("maxConnections: 1") ? 1.0 : 2.0
        try await rig.waitForMetric("apus_gateway_pool_connections{upstream=\"app\",state=\"idle\"}") { $0 <= most }
        #expect(first.requests.count + second.requests.count == 52)
    }

    @Test(arguments: [1, 3]) func streamsOfOneConnectionServeThoseThatWait(workers: Int) async throws {
        try Peers.require("nghttpd")
        let port = try LoopbackPort.free()
        try folder.write("index.html", "page\n")
        let server = try ChildProcess(
            "nghttpd", ["--no-tls", "-a", "127.0.0.1", "-d", folder.path, "\(port)"], folder: folder.path)
        defer { server.signal(SIGKILL) }
        let rig = try await GatewayRig.start(
            """
              workers: \(workers)
              routes: [{ upstream: app, retry: { attempts: 3, on: connect-failure, initialBackoff: 50ms } }]
              upstreams:
                app:
                  hosts: ["127.0.0.1:\(port)"]
                  protocol: h2
                  pool: { maxConnectionsPerHost: 1, streamsPerConnection: 2, pendingTimeout: 15s }
            """, folder: folder)
        try await eventually("the server listens") { try await rig.get("/index.html").status == 200 }
        #expect(try await rig.together("/index.html", count: 30) == [Int](repeating: 200, count: 30))
    }
}
