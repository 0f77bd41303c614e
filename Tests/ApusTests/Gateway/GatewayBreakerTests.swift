import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct GatewayBreakerTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// The numbers of the smallest useful file, but for the wait.
    @Test func itOpensAtThirtyOfTwentyTriesFiveAndCloses() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes:
                - match: { path: / }
                  upstream: app
                  circuitBreaker: { failureRateThreshold: 30, minimumNumberOfCalls: 20, waitDurationInOpenState: 1s,
                                    permittedNumberOfCallsInHalfOpenState: 5 }
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """, folder: folder)
        #expect(try await rig.statuses("/", count: 14) == Array(repeating: 200, count: 14))
        #expect(try await rig.statuses("/?status=503", count: 6) == Array(repeating: 503, count: 6))
        let refused = try await rig.get("/")
        #expect(refused.status == 503)
        #expect(refused["retry-after"] == "1")
        #expect(refused["x-host"] == nil)
        #expect(upstream.requests.count == 20)
        let name = try await breakerName(rig)
        try await rig.waitForMetric("resilience4j_circuitbreaker_not_permitted_calls_total{name=\"\(name)\"}") {
            $0 >= 1
        }

        try await eventually("a trial passes") { try await rig.get("/").status == 200 }
        #expect(try await rig.statuses("/", count: 10) == Array(repeating: 200, count: 10))
        try await rig.waitForMetric("resilience4j_circuitbreaker_state{name=\"\(name)\",state=\"closed\"}") { $0 == 1 }
        try await rig.waitForMetric("resilience4j_circuitbreaker_state{name=\"\(name)\",state=\"open\"}") { $0 == 0 }
        #expect(rig.apus.errors.contains("circuit breaker changed"))
    }

    private func breakerName(_ rig: GatewayRig) async throws -> String {
        var name: Substring?
        try await eventually("the breaker is shown", within: .seconds(10)) {
            let text = try await Client.get("\(#require(rig.apus.address))/metrics").text
            name =
                text.split(separator: "\n").first { $0.hasPrefix("resilience4j_circuitbreaker_state{name=\"") }?
                .split(separator: "\"")[1]
            return name != nil
        }
        return String(try #require(name))
    }

    @Test func failedTrialsOpenItAgain() async throws {
        let upstream = try await ScriptedUpstream(rule: "status=500", folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes:
                - upstream: app
                  circuitBreaker: { slidingWindowSize: 4, minimumNumberOfCalls: 4, waitDurationInOpenState: 300ms,
                                    permittedNumberOfCallsInHalfOpenState: 2 }
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """, folder: folder)
        #expect(try await rig.statuses("/", count: 6) == [500, 500, 500, 500, 503, 503])
        try await eventually("a trial passes") { try await rig.get("/").status == 500 }
        try await eventually("it is open again") { try await rig.get("/").status == 503 }
        #expect(upstream.requests.count <= 8)
    }

    @Test func aBlockOfSpringIsReadAsItIs() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes: [{ upstream: app, circuitBreaker: backendA }]
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """,
            rest: """
                resilience4j:
                  circuitbreaker:
                    configs:
                      default:
                        registerHealthIndicator: true
                        slidingWindowSize: 10
                        minimumNumberOfCalls: 5
                        permittedNumberOfCallsInHalfOpenState: 3
                        automaticTransitionFromOpenToHalfOpenEnabled: true
                        waitDurationInOpenState: 5s
                        failureRateThreshold: 50
                        eventConsumerBufferSize: 10
                        recordExceptions:
                          - org.springframework.web.client.HttpServerErrorException
                          - java.io.IOException
                    instances:
                      backendA:
                        baseConfig: default
                        minimum-number-of-calls: 4

                """, folder: folder)
        #expect(try await rig.statuses("/?status=500", count: 5) == [500, 500, 500, 500, 503])
        try await rig.waitForMetric("resilience4j_circuitbreaker_state{name=\"backendA\",state=\"open\"}") { $0 == 1 }
        try await rig.waitForMetric("resilience4j_circuitbreaker_failure_rate{name=\"backendA\"}") { $0 == 100 }
        try await rig.waitForMetric(
            "resilience4j_circuitbreaker_calls_seconds_count{name=\"backendA\",kind=\"failed\"}"
        ) { $0 == 4 }
    }

    @Test func slowCallsOpenIt() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes:
                - upstream: app
                  circuitBreaker: { minimumNumberOfCalls: 3, slowCallDurationThreshold: 50ms,
                                    slowCallRateThreshold: 100, waitDurationInOpenState: 60s }
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """, folder: folder)
        #expect(try await rig.statuses("/?delay=0.1", count: 4) == [200, 200, 200, 503])
    }

    @Test func oneHostsBreakerLeavesTheOtherHost() async throws {
        let bad = try await ScriptedUpstream("bad", rule: "status=500", folder: folder)
        let good = try await ScriptedUpstream("good", folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes: [{ upstream: app }]
              upstreams:
                app:
                  hosts: [\(bad.host), \(good.host)]
                  hostCircuitBreaker: { slidingWindowSize: 3, minimumNumberOfCalls: 3, waitDurationInOpenState: 60s }
            """, folder: folder)
        _ = try await rig.statuses("/", count: 20)
        #expect(bad.requests.count <= 6, "each worker may have its own view for a moment")
        #expect(try await rig.statuses("/", count: 6) == Array(repeating: 200, count: 6))
    }

    @Test func aReloadKeepsTheStateOfABreaker() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        func text(_ threshold: Int) -> String {
            """
              routes:
                - { name: r, upstream: app, circuitBreaker: { failureRateThreshold: \(threshold),
                    minimumNumberOfCalls: 2, waitDurationInOpenState: 60s } }
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """
        }
        let rig = try await GatewayRig.start(text(50), folder: folder)
        #expect(try await rig.statuses("/?status=500", count: 3) == [500, 500, 503])
        #expect(try await rig.reload(text(60)))
        #expect(try await rig.get("/").status == 503)
    }
}
