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
}
