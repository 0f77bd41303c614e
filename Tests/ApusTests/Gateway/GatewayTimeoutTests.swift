import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct GatewayTimeoutTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test(arguments: [
        "timeouts: { firstByte: 100ms }", "timeouts: { total: 100ms }", "timeouts: { perTry: 100ms }",
        "retry: { attempts: 2, on: 5xx, perTryTimeout: 50ms, initialBackoff: 1ms }",
        "retry: { attempts: 9, on: 5xx, perTryTimeout: 100ms, initialBackoff: 1ms }, timeouts: { total: 250ms }",
    ])
    func anAnswerThatDoesNotComeInTimeIsAGatewayTimeout(_ route: String) async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes: [{ upstream: app, \(route) }]
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """, folder: folder)
        #expect(try await rig.get("/?delay=20").status == 504)
        #expect(try await rig.get("/").status == 200)
    }

    @Test func anAnswerThatStopsIsBroken() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes: [{ upstream: app, timeouts: { idle: 200ms } }]
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """, folder: folder)
        await #expect(throws: (any Error).self) { try await rig.get("/?size=10&drip=3") }
        #expect(try await rig.get("/?size=10&drip=0.01").body == "0123456789")
    }

    @Test func aFullPoolMakesRequestsWait() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              workers: 1
              routes: [{ upstream: app }]
              upstreams:
                app: { hosts: [\(upstream.host)], pool: { maxConnections: 1, maxPending: 1, pendingTimeout: 10s } }
            """, folder: folder)
        let all = try await rig.together("/?delay=0.5", count: 4)
        #expect(all.sorted() == [200, 200, 503, 503], "one is served, one waits, the others are refused")
        #expect(try await rig.get("/").status == 200)
    }

    @Test(arguments: ["http1", "h2"]) func anUploadThatTheUpstreamDoesNotTakeEnds(_ version: String) async throws {
        // The kernel takes the connection; nobody reads from it.
        let silent = try LoopbackPort.Listener()
        let body = try folder.write("body", String(repeating: "x", count: 20 << 20))
        let rig = try await GatewayRig.start(
            """
              routes: [{ upstream: app, timeouts: { idle: 300ms, firstByte: 60s } }]
              upstreams: { app: { hosts: ["127.0.0.1:\(silent.port)"], protocol: \(version) } }
            """, folder: folder)
        #expect(try await rig.get("/", "-H", "Expect:", "--data-binary", "@\(body)").status == 504)
        let failures = "apus_gateway_upstream_failures_total{upstream=\"app\",host=\"127.0.0.1:\(silent.port)\",reason="
        try await rig.waitForMetric("\(failures)\"idle-timeout\"}") { $0 == 1 }
    }

    @Test(arguments: ["--http1.1", "--http2-prior-knowledge"])
    func aRequestThatDoesNotComeToItsEndIsTooSlow(_ version: String) async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes: [{ upstream: app, timeouts: { idle: 300ms } }]
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """, folder: folder)
        // `-T .` reads without blocking: the answer comes before the rest of the body does.
        let curl = "curl -sS -o /dev/null -w '%{http_code}' \(version) -T . http://127.0.0.1:\(rig.port)/"
        let (_, output, errors) = try await ChildProcess.run(
            "timeout", ["20", "bash", "-c", "\(curl) < <(printf x; exec sleep 10 2>/dev/null)"], folder: folder.path)
        // curl 7.88 loses the answer to a request of HTTP/2 that it has not sent to the end.
        #expect(output == "408" || version != "--http1.1", "\(errors)")
        try await rig.waitForMetric("apus_gateway_refused_total{reason=\"body too slow\"}") { $0 == 1 }
    }
}
