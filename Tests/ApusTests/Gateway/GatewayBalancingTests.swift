import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct GatewayBalancingTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func rig(_ upstream: String, route: String = "") async throws -> GatewayRig {
        try await GatewayRig.start(
            """
              workers: 1
              routes: [{ name: r, upstream: app\(route) }]
              upstreams: { app: { \(upstream) } }
            """, folder: folder)
    }

    @Test func theTurnGoesRoundByWeight() async throws {
        let a = try await ScriptedUpstream("a", folder: folder)
        let b = try await ScriptedUpstream("b", folder: folder)
        let rig = try await rig("hosts: [{ address: \(a.host), weight: 3 }, \(b.host)], balance: roundRobin")
        #expect(try await rig.statuses("/", count: 12).count == 12)
        #expect(a.requests.count == 9)
        #expect(b.requests.count == 3)
    }

    @Test func aBusyHostGetsLess() async throws {
        let busy = try await ScriptedUpstream("busy", rule: "delay=1", folder: folder)
        let idle = try await ScriptedUpstream("idle", folder: folder)
        let rig = try await rig("hosts: [\(busy.host), \(idle.host)], balance: leastRequests")
        let held = Task { try await rig.together("/", count: 4) }
        try await eventually("the busy one has some") { !busy.requests.isEmpty }
        let before = busy.requests.count
        #expect(try await rig.statuses("/", count: 20) == Array(repeating: 200, count: 20))
        #expect(busy.requests.count - before <= 4)
        _ = try await held.value
    }

    @Test func theSameKeyGoesToTheSameHost() async throws {
        var hosts: [ScriptedUpstream] = []
        for name in ["a", "b", "c"] { hosts.append(try await ScriptedUpstream(name, folder: folder)) }
        let rig = try await rig(
            "hosts: [\(hosts.map(\.host).joined(separator: ", "))], balance: { consistentHash: { header: X-User } }")
        var chosen: Set<String> = []
        for user in 0..<12 {
            var of: Set<String> = []
            for _ in 0..<3 { of.insert(try await rig.get("/", "-H", "X-User: \(user)")["x-host"] ?? "") }
            #expect(of.count == 1)
            chosen.formUnion(of)
        }
        #expect(chosen.count >= 2)
    }

    @Test func aHostThatFailsItsChecksIsLeftOutUntilItIsBack() async throws {
        let a = try await ScriptedUpstream("a", folder: folder)
        let b = try await ScriptedUpstream("b", folder: folder)
        let rig = try await rig(
            "hosts: [\(a.host), \(b.host)], healthCheck: { path: /health, interval: 100ms, unhealthyInterval: 100ms, "
                + "timeout: 100ms, unhealthyThreshold: 2, healthyThreshold: 2 }")
        let up = "apus_gateway_upstream_host_up{upstream=\"app\",host=\(b.host)}"
        try await rig.waitForMetric(up) { $0 == 1 }
        await b.stop()
        try await rig.waitForMetric(up) { $0 == 0 }
        #expect(try await rig.statuses("/", count: 10) == Array(repeating: 200, count: 10))
        #expect(rig.apus.errors.contains("gateway host health changed"))
        try await b.startAgain()
        try await rig.waitForMetric(up) { $0 == 1 }
        try await eventually("it serves again") { try await rig.get("/")["x-host"] == "b" }
    }

    @Test func aHostThatSaysItIsNotWellIsLeftOutAndShown() async throws {
        let a = try await ScriptedUpstream("a", folder: folder)
        let b = try await ScriptedUpstream("b", folder: folder)
        let rig = try await rig(
            "hosts: [\(a.host), \(b.host)], healthCheck: { path: /health, interval: 100ms, unhealthyInterval: 100ms, "
                + "timeout: 100ms, unhealthyThreshold: 2, healthyThreshold: 2 }")
        try a.rule("status=500")
        try await rig.waitForMetric("apus_gateway_upstream_host_up{upstream=\"app\",host=\(a.host)}") { $0 == 0 }
        #expect(try await rig.get("/")["x-host"] == "b")
        let page = try await Client.get("\(#require(rig.apus.address))/").text
        #expect(page.contains("127.0.0.1:\(a.port)"))
        #expect(page.contains("127.0.0.1:\(b.port)"))
    }

    @Test func anOutlierIsEjectedAndReturns() async throws {
        let bad = try await ScriptedUpstream("bad", rule: "status=500", folder: folder)
        let good = try await ScriptedUpstream("good", folder: folder)
        let rig = try await rig(
            "hosts: [\(bad.host), \(good.host)], outlierDetection: { consecutive5xx: 3, interval: 100ms, "
                + "baseEjectionTime: 2s }")
        _ = try await rig.statuses("/", count: 10)
        #expect(bad.requests.count == 3)
        let ejected = "apus_gateway_upstream_host_ejected{upstream=\"app\",host=\(bad.host)}"
        try await rig.waitForMetric(ejected) { $0 == 1 }
        #expect(try await rig.metric("apus_gateway_ejections_total{upstream=\"app\",reason=\"consecutive5xx\"}") != 0)
        try bad.rule("")
        try await rig.waitForMetric(ejected) { $0 == 0 }
        try await eventually("it serves again") { try await rig.get("/")["x-host"] == "bad" }
    }

    @Test func aCopyGoesToTheOtherHostWhenOneIsSlow() async throws {
        let slow = try await ScriptedUpstream("slow", rule: "delay=5", folder: folder)
        let fast = try await ScriptedUpstream("fast", folder: folder)
        let rig = try await rig(
            "hosts: [\(slow.host), \(fast.host)]", route: ", hedge: { after: 100ms, budgetPercent: 100 }")
        for _ in 0..<4 {
            let answer = try await rig.get("/")
            #expect(answer["x-host"] == "fast")
        }
        #expect(slow.requests.count >= 1)
        let text = try await Client.get("\(#require(rig.apus.address))/metrics").text
        #expect(text.contains("apus_gateway_hedges_total{"), "\(text)")
        // What is not safe is sent once.
        let posts = slow.requests.count + fast.requests.count
        _ = try? await rig.get("/", "-d", "x", "--max-time", "1")
        #expect(slow.requests.count + fast.requests.count == posts + 1)
    }
}
