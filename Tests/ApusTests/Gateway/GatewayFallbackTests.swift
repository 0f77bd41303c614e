import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct GatewayFallbackTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func rig(_ route: String, _ hosts: String, more: String = "") async throws -> GatewayRig {
        try await GatewayRig.start(
            """
              routes: [{ name: r, upstream: app, \(route) }]
              upstreams: { app: { hosts: [\(hosts)] }\(more) }
            """, folder: folder)
    }

    @Test func aFileStandsInForAServerError() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let page = try folder.write("sorry.html", "sorry\n")
        let rig = try await rig("fallback: { static: \(page) }", upstream.host)
        let answer = try await rig.get("/?status=502")
        #expect(answer.status == 502)
        #expect(answer.body == "sorry\n")
        #expect(try await rig.get("/").body == "GET /\n")
        #expect(try await rig.get("/?status=404").body != "sorry\n")
        try await rig.waitForMetric("apus_gateway_degraded_total{route=\"r\",mode=\"static\"}") { $0 == 1 }
    }

    @Test func aTextWithAStatusStandsInForARefusedConnection() async throws {
        let rig = try await rig(
            "fallback: { body: '{\"items\":[]}', status: 200, contentType: application/json }",
            "\"127.0.0.1:\(LoopbackPort.free())\"")
        let answer = try await rig.get("/")
        #expect(answer.status == 200)
        #expect(answer["content-type"] == "application/json")
        #expect(answer.body == "{\"items\":[]}")
    }

    @Test func anotherUpstreamStandsIn() async throws {
        let upstream = try await ScriptedUpstream(rule: "status=500", folder: folder)
        let spare = try await ScriptedUpstream("spare", folder: folder)
        let rig = try await rig(
            "retry: { attempts: 1, on: 5xx, initialBackoff: 1ms }, fallback: { upstream: spare }", upstream.host,
            more: ", spare: { hosts: [\(spare.host)] }")
        let answer = try await rig.get("/", "-X", "PUT", "-d", "body")
        #expect(answer.status == 200)
        #expect(answer["x-host"] == "spare")
        #expect(spare.requests.map(\.body) == ["body"])
        #expect(upstream.requests.count == 2)
        // Its own failure is what the client gets.
        try spare.rule("status=503")
        #expect(try await rig.get("/").status == 503)
    }

    @Test func anOpenCircuitHasItsOwnFallback() async throws {
        let upstream = try await ScriptedUpstream(rule: "status=500", folder: folder)
        let rig = try await rig(
            "circuitBreaker: { minimumNumberOfCalls: 2, waitDurationInOpenState: 60s }, "
                + "fallback: { on: circuit-open, body: open, status: 203 }", upstream.host)
        #expect(try await rig.statuses("/", count: 4) == [500, 500, 203, 203])
        #expect(try await rig.get("/").body == "open")
    }

    @Test func hostsWhoseCircuitsAreAllOpenAreAnOpenCircuit() async throws {
        let upstream = try await ScriptedUpstream(rule: "status=500", folder: folder)
        let breaker = "hostCircuitBreaker: { minimumNumberOfCalls: 2, waitDurationInOpenState: 60s }"
        let rig = try await GatewayRig.start(
            """
              routes:
                - { upstream: app }
                - { match: { path: /calm }, upstream: app, fallback: { on: circuit-open, body: open, status: 203 } }
              upstreams: { app: { hosts: [\(upstream.host)], \(breaker) } }
            """, folder: folder)
        #expect(try await rig.statuses("/", count: 3) == [500, 500, 503])
        let answer = try await rig.get("/")
        #expect(answer.status == 503)
        #expect((answer["retry-after"].flatMap { Int($0) } ?? 0) >= 50)
        #expect(try await rig.get("/calm").body == "open")
    }

    @Test func theFirstThatFitsIsTaken() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await rig(
            "timeouts: { firstByte: 100ms }, "
                + "fallback: [{ on: timeout, body: late, status: 200 }, { on: 5xx, body: bad, status: 200 }]",
            upstream.host)
        #expect(try await rig.get("/?delay=5").body == "late")
        #expect(try await rig.get("/?status=500").body == "bad")
    }

    @Test func tooMuchAtATimeHasAFallback() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await rig(
            "concurrency: { max: 1 }, fallback: { on: overload, body: full, status: 203 }", upstream.host)
        let all = try await rig.together("/?delay=0.5", count: 3)
        #expect(all.sorted() == [200, 203, 203])
    }
}
