import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct GatewayLimitTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func rig(_ route: String, _ upstream: ScriptedUpstream, more: String = "") async throws -> GatewayRig {
        try await GatewayRig.start(
            """
              routes: [{ name: r, upstream: app, \(route) }]
              upstreams: { app: { hosts: [\(upstream.host)] } }
            \(more)
            """, folder: folder)
    }

    @Test func aboveTheRateAPageIsServedWithRetryAfter() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let page = try folder.write("busy.html", "<p>busy</p>\n")
        let rig = try await rig(
            "rateLimit: { requestsPerSecond: 0.2, burst: 2, degraded: { static: \(page) } }", upstream)
        let all = try await rig.statuses("/", count: 5)
        #expect(all.filter { $0 == 200 }.count == 2 || all.filter { $0 == 200 }.count == 3, "\(all)")
        let served = upstream.requests.count
        let answer = try await rig.get("/")
        #expect(answer.status == 503)
        #expect(answer.body == "<p>busy</p>\n")
        #expect(answer["content-type"]?.hasPrefix("text/html") == true)
        #expect((answer["retry-after"].flatMap { Int($0) } ?? 0) >= 1)
        #expect(upstream.requests.count == served)
        try await rig.waitForMetric("apus_gateway_degraded_total{route=\"r\",mode=\"static\"}") { $0 >= 3 }
        try await rig.waitForMetric("apus_gateway_rate_limited_total{route=\"r\"}") { $0 >= 3 }
        // The page is watched.
        try folder.write("busy.html", "<p>very busy</p>\n")
        try await eventually("the new page is served") { try await rig.get("/").body == "<p>very busy</p>\n" }
    }

    @Test func withoutADegradedModeItIs429() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await rig("rateLimit: { requestsPerSecond: 0.1, burst: 1 }", upstream)
        _ = try await rig.statuses("/", count: 3)
        let answer = try await rig.get("/")
        #expect(answer.status == 429)
        #expect((answer["retry-after"].flatMap { Int($0) } ?? 0) >= 1)
    }

    @Test func aDegradedRequestMayGoToAnotherUpstream() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let spare = try await ScriptedUpstream("spare", folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes:
                - { upstream: app, rateLimit: { requestsPerSecond: 0.1, burst: 1, degraded: { upstream: spare } } }
              upstreams: { app: { hosts: [\(upstream.host)] }, spare: { hosts: [\(spare.host)] } }
            """, folder: folder)
        #expect(try await rig.statuses("/", count: 4) == [200, 200, 200, 200])
        let answer = try await rig.get("/", "-d", "body")
        #expect(answer["x-host"] == "spare")
        #expect(spare.requests.last?.body == "body")
    }

    @Test func eachValueOfAHeaderHasItsOwnRate() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await rig("rateLimit: { requestsPerSecond: 0.1, burst: 1, per: { header: X-Key } }", upstream)
        for key in ["a", "b", "c"] {
            #expect(try await rig.get("/", "-H", "X-Key: \(key)").status == 200)
            var last = 200
            for _ in 0..<2 { last = try await rig.get("/", "-H", "X-Key: \(key)").status }
            #expect(last == 429, "\(key)")
        }
    }

    @Test func eachClientHasItsOwnRate() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await rig("rateLimit: { requestsPerSecond: 0.1, burst: 1, per: client }", upstream)
        _ = try await rig.statuses("/", count: 3)
        #expect(try await rig.get("/").status == 429)
        #expect(try await rig.get("/", "--interface", "127.0.0.9").status == 200)
    }

    @Test func noMoreThanTheGreatestNumberAreUnderWay() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await rig("concurrency: { max: 2 }", upstream)
        let all = try await rig.together("/?delay=1", count: 5)
        #expect(all.filter { $0 == 200 }.count == 2)
        #expect(all.filter { $0 == 503 }.count == 3)
        #expect(try await rig.together("/?delay=0.1", count: 2) == [200, 200], "the places are given back")
    }

    @Test func lowPriorityIsShedFirst() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              workers: 1
              shedding: { maxInFlight: 10, retryAfter: 7s }
              routes:
                - { match: { path: /slow }, upstream: app, priority: 0 }
                - { match: { path: /low }, upstream: app, priority: 9 }
                - { match: { path: /high }, upstream: app, priority: 0 }
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """, folder: folder)
        let slow = Task { try await rig.together("/slow?delay=2", count: 9) }
        try await eventually("the slow ones are under way") { upstream.requests.count >= 9 }
        let low = try await rig.get("/low")
        #expect(low.status == 503)
        // At least; it grows with the pressure, and by chance, so that clients do not come back together.
        #expect((low["retry-after"].flatMap { Int($0) } ?? 0) >= 7)
        #expect(try await rig.get("/high").status == 200)
        #expect(try await slow.value == Array(repeating: 200, count: 9))
    }

    /// A limit below the number of workers is a limit all the same.
    @Test func oneAtATimeIsServed() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await rig("priority: 9", upstream, more: "  workers: 2\n  shedding: { maxInFlight: 1 }")
        #expect(try await rig.statuses("/", count: 3) == [200, 200, 200])
        let all = try await rig.together("/?delay=0.5", count: 6)
        #expect((1...2).contains(all.count { $0 == 200 }), "at most one a worker: \(all)")
    }
}
