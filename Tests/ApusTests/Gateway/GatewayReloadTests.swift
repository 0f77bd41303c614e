import Base
import Glibc
import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct GatewayReloadTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func text(_ upstream: String, name: String = "r", more: String = "") -> String {
        """
        \(more)
          routes:
            - { name: \(name), match: { path: / }, upstream: app }
            - { match: { path: /socket }, upstream: sockets, upgrade: websocket }
            - { match: { exact: /healthz }, respond: { body: "ok\\n", status: 200 } }
          upstreams: { app: { hosts: [\(upstream)] }, sockets: { hosts: [@sockets@] } }
        """
    }

    /// A WebSocket, kept connections and new ones, while every reload changes the routes.
    @Test func aHundredReloadsBreakNothing() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let server = try Peers.start("gateway/websocket.py", ["serve"], folder: folder)
        try await eventually("the server says its port") { server.output.hasSuffix("\n") || server.hasEnded }
        try #require(!server.hasEnded, "\(server.errors)\(Peers.hint)")
        let sockets = "\"127.0.0.1:\(server.output.prefix { $0 != "\n" })\""
        func text(_ name: String) -> String {
            self.text(upstream.host, name: name).replacing("@sockets@", with: sockets)
        }
        let rig = try await GatewayRig.start(text("first"), folder: folder)
        let stop = "\(folder.path)/stop"
        let talk = try Peers.start("gateway/websocket.py", ["talk", "\(rig.port)", stop], folder: folder)
        try await eventually("the socket is open") { talk.output.contains("talking") || talk.hasEnded }
        let load = try Peers.start("load/http_load.py", ["http://127.0.0.1:\(rig.port)", stop], folder: folder)
        try await eventually("the load runs") { load.output.contains("running") || load.hasEnded }
        for round in 1...100 { #expect(try await rig.reload(text("round-\(round)"))) }
        // New connections, to the last generation.
        for _ in 0..<10 { #expect(try await rig.get("/").status == 200) }
        try folder.write("stop", "")
        #expect(await load.wait() == 0, "\(load.errors)")
        #expect(load.output.hasSuffix(" failed 0\n"), "\(load.output)\(load.errors)")
        #expect(await talk.wait() == 0, "\(talk.errors)")
        #expect(talk.output.contains("messages"))
    }

    /// Each of the workers goes on accepting, and nothing spins.
    @Test func afterReloadsEveryNewConnectionIsServed() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        func text(_ name: String) -> String {
            """
              workers: 2
              routes: [{ name: \(name), upstream: app }]
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """
        }
        let rig = try await GatewayRig.start(text("first"), folder: folder)
        for round in 0..<5 {
            #expect(try await rig.reload(text("round-\(round)")))
            #expect(try await rig.together("/", count: 8) == Array(repeating: 200, count: 8))
        }
    }

    @Test func aReloadChangesTheWeightsOfHosts() async throws {
        let a = try await ScriptedUpstream("a", folder: folder)
        let b = try await ScriptedUpstream("b", folder: folder)
        func text(_ weight: Int) -> String {
            """
              workers: 1
              routes: [{ upstream: app }]
              upstreams: { app: { hosts: [{ address: \(a.host), weight: \(weight) }, \(b.host)] } }
            """
        }
        let rig = try await GatewayRig.start(text(1), folder: folder)
        _ = try await rig.statuses("/", count: 10)
        #expect(a.requests.count == 5)
        #expect(try await rig.reload(text(4)))
        _ = try await rig.statuses("/", count: 10)
        #expect(a.requests.count == 13)
    }

    @Test func aBrokenFileChangesNothing() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes: [{ upstream: app }]
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """, folder: folder)
        #expect(
            try await rig.reload(
                """
                  routes: [{ upstream: ap }]
                  upstreams: { app: { hosts: ["127.0.0.1:1"] } }
                """) == false)
        #expect(rig.apus.errors.contains("names no entry of upstreams"))
        #expect(try await rig.statuses("/", count: 5) == Array(repeating: 200, count: 5))
        // A file that it names and that is not there.
        #expect(
            try await rig.reload(
                """
                  routes: [{ upstream: app, fallback: { static: \(folder.path)/missing.html } }]
                  upstreams: { app: { hosts: [\(upstream.host)] } }
                """) == false)
        #expect(try await rig.get("/").status == 200)
    }

    @Test func aReloadThatBreaksTheUpstreamIsTakenBack() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        func text(_ host: String) -> String {
            """
              rollback: { window: 30s, maxErrorRate: 20%, minimumRequests: 5 }
              routes: [{ upstream: app }]
              upstreams: { app: { hosts: [\(host)] } }
            """
        }
        let rig = try await GatewayRig.start(text(upstream.host), folder: folder)
        #expect(try await rig.get("/").status == 200)
        #expect(try await rig.reload(text("\"127.0.0.1:\(LoopbackPort.free())\"")))
        #expect(try await rig.get("/").status == 502)
        try await eventually("the generation before is back", within: .seconds(20)) {
            _ = try await rig.statuses("/", count: 10)
            return try await rig.get("/").status == 200
        }
        #expect(try await rig.statuses("/", count: 5) == Array(repeating: 200, count: 5))
    }

    @Test func aSlowRequestEndsAfterSIGTERM() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes: [{ upstream: app }]
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """, folder: folder)
        let slow = Task { try await rig.get("/?delay=1.5") }
        try await eventually("it is under way") { !upstream.requests.isEmpty }
        rig.apus.child.signal(SIGTERM)
        try await eventually("nobody is let in") { (try? await rig.get("/", "--max-time", "1")) == nil }
        #expect(try await slow.value.status == 200)
        #expect(await rig.apus.child.wait() == 0)
    }

    @Test func anotherNumberOfWorkersTakesOver() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let other = try LoopbackPort.free()
        func text(_ name: String, workers: Int, port: String = "@port@") -> String {
            """
              listen: 127.0.0.1:\(port)
              workers: \(workers)
              routes:
                - { match: { exact: /name }, respond: { body: \(name) } }
                - { upstream: app, circuitBreaker: { minimumNumberOfCalls: 2, waitDurationInOpenState: 60s } }
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """
        }
        let rig = try await GatewayRig.start(text("one", workers: 1), folder: folder)
        #expect(try await rig.statuses("/?status=500", count: 3) == [500, 500, 503])
        let download = try ChildProcess(
            "curl", ["-sS", "http://127.0.0.1:\(rig.port)/name?still", "-o", "/dev/null"], folder: folder.path)
        for (name, workers) in [("three", 3), ("two", 2), ("two-again", 2)] {
            #expect(try await rig.reload(text(name, workers: workers)))
            for _ in 0..<10 { #expect(try await rig.get("/name").body == name) }
            #expect(try await rig.get("/").status == 503, "the breaker is still open")
        }
        #expect(await download.wait() == 0)
        #expect(try await rig.reload(text("moved", workers: 1, port: "\(other)")))
        #expect(
            try await CurlAnswer.of(["http://127.0.0.1:\(other)/name"], folder: folder).body == "moved")
        try await eventually("the old port is closed") { (try? await rig.get("/name")) == nil }
    }

    @Test func requestsThatWaitForAConnectionSurviveAReload() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        func text(_ idle: String) -> String {
            """
              workers: 2
              routes: [{ upstream: app }]
              upstreams:
                app: { hosts: [\(upstream.host)], pool: { maxConnectionsPerHost: 1, pendingTimeout: 15s, idleTimeout: \(idle) } }
            """
        }
        let rig = try await GatewayRig.start(text("30s"), folder: folder)
        async let all = rig.together("/?delay=0.3", count: 8)
        try await rig.waitForMetric("apus_gateway_pool_pending{upstream=\"app\"}") { $0 > 0 }
        #expect(try await rig.reload(text("31s")))
        #expect(try await all == [Int](repeating: 200, count: 8))
    }
}
