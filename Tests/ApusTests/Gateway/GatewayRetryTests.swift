import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct GatewayRetryTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func rig(_ retry: String, hosts: String, more: String = "") async throws -> GatewayRig {
        try await GatewayRig.start(
            """
              routes:
                - { name: r, upstream: app, retry: { initialBackoff: 1ms, \(retry) }\(more) }
              upstreams: { app: { hosts: [\(hosts)] } }
            """, folder: folder)
    }

    @Test func aServerErrorIsTriedAgain() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await rig("attempts: 2, on: [5xx, connect-failure]", hosts: upstream.host)
        #expect(try await rig.get("/?fail=2").status == 200)
        #expect(upstream.requests.count == 3)
        #expect(try await rig.get("/other?fail=3").status == 503)
        #expect(upstream.requests.count == 6)
        #expect(try await rig.metric("apus_gateway_retries_total{route=\"r\",reason=\"status\"}") == 4)
    }

    @Test func whatIsNotIdempotentIsSentOnceUnlessTold() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await rig("attempts: 2, on: 5xx", hosts: upstream.host)
        #expect(try await rig.get("/?fail=1", "-d", "hello").status == 503)
        #expect(upstream.requests.count == 1)
        #expect(
            try await rig.reload(
                """
                  routes: [{ upstream: app, retry: { attempts: 2, on: 5xx, nonIdempotent: true, initialBackoff: 1ms } }]
                  upstreams: { app: { hosts: [\(upstream.host)] } }
                """))
        #expect(try await rig.get("/again?fail=1", "-d", "hello").status == 200)
        #expect(upstream.requests.map(\.body) == ["hello", "hello", "hello"])
    }

    @Test func aBodyIsSentAgainToTheOtherHost() async throws {
        let bad = try await ScriptedUpstream("bad", rule: "reset=1", folder: folder)
        let good = try await ScriptedUpstream("good", folder: folder)
        let rig = try await rig("attempts: 1, on: [reset]", hosts: "\(bad.host), \(good.host)")
        for _ in 0..<4 {
            let answer = try await rig.get("/", "-X", "PUT", "-d", "a body that is sent twice")
            #expect(answer.status == 200)
            #expect(answer["x-host"] == "good")
        }
        #expect(!bad.requests.isEmpty)
        #expect(good.requests.map(\.body) == Array(repeating: "a body that is sent twice", count: 4))
    }

    @Test func aBodyAboveTheLimitIsSentOnce() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await rig("attempts: 2, on: 5xx, bodyLimit: 1KiB", hosts: upstream.host)
        let body = try folder.write("body", String(repeating: "x", count: 3000))
        #expect(try await rig.get("/?fail=1", "-X", "PUT", "--data-binary", "@\(body)").status == 503)
        #expect(upstream.requests.map(\.body.utf8.count) == [3000])
    }

    @Test func aHostThatRefusesConnectionsIsPassedOver() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let nobody = try LoopbackPort.free()
        let rig = try await rig("attempts: 1, on: connect-failure", hosts: "\"127.0.0.1:\(nobody)\", \(upstream.host)")
        #expect(try await rig.statuses("/", count: 8) == Array(repeating: 200, count: 8))
        // Nothing was sent, so that a POST may go on, too.
        #expect(try await rig.statuses("/", count: 4, "-d", "x") == Array(repeating: 200, count: 4))
    }

    @Test func withoutRetryARefusedConnectionIsABadGateway() async throws {
        let rig = try await GatewayRig.start(
            """
              routes: [{ upstream: app }]
              upstreams: { app: { hosts: ["127.0.0.1:\(LoopbackPort.free())"] } }
            """, folder: folder)
        #expect(try await rig.get("/").status == 502)
    }

    @Test func aSpentBudgetMakesNoRetry() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await rig("attempts: 3, on: 5xx, budget: { percent: 0, minimum: 0 }", hosts: upstream.host)
        #expect(try await rig.statuses("/?status=503", count: 3) == [503, 503, 503])
        #expect(upstream.requests.count == 3)
        try await rig.waitForMetric("apus_gateway_retry_budget_exhausted_total{route=\"r\"}") { $0 == 3 }
    }

    @Test func aRetryAfterIsHeeded() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await rig("attempts: 1, on: 503, maxRetryAfter: 2s", hosts: upstream.host)
        #expect(try await rig.get("/?fail=1&header=Retry-After:30").status == 503)
        #expect(try await rig.get("/b?fail=1&header=Retry-After:1").status == 200)
    }

    @Test func statusCodesAndConflictsAreTriedAgainWhereNamed() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await rig("attempts: 1, on: [retriable-4xx, 425]", hosts: upstream.host)
        #expect(try await rig.get("/a?fail=1&status=409").status == 200)
        #expect(try await rig.get("/b?fail=1&status=425").status == 200)
        #expect(try await rig.get("/c?fail=1&status=503").status == 503)
    }

    @Test func aTryThatTakesTooLongIsTriedAgain() async throws {
        let slow = try await ScriptedUpstream("slow", rule: "delay=5", folder: folder)
        let fast = try await ScriptedUpstream("fast", folder: folder)
        let rig = try await rig(
            "attempts: 1, on: per-try-timeout, perTryTimeout: 150ms", hosts: "\(slow.host), \(fast.host)")
        for _ in 0..<4 { #expect(try await rig.get("/")["x-host"] == "fast") }
    }
}
