import Base
import Gateway
import Resilience
import Settings
import Testing

@Suite struct GatewaySettingsTests {
    /// The file of the issue, as it stands there.
    static let smallest = """
        gateway:
          listen: 127.0.0.1:8080
          routes:
            - match: { path: / }
              upstream: app
              retry: { attempts: 2, on: [5xx, connect-failure] }
              circuitBreaker: { failureRateThreshold: 30, minimumNumberOfCalls: 20, waitDurationInOpenState: 30s, permittedNumberOfCallsInHalfOpenState: 5 }
              rateLimit: { requestsPerSecond: 800, degraded: { static: /var/lib/apus/busy.html } }
          upstreams:
            app: { hosts: ["127.0.0.1:9001"] }

        """

    @Test func theSmallestUsefulFileReadsAsItStands() throws {
        let result = GatewayFile.read(GatewaySettingsTests.smallest)
        #expect(result.complaints.isEmpty)
        let settings = try #require(try result.get().group(GatewaySettings.self))
        let route = try #require(settings.routes.first)
        #expect(settings.listen.map(\.address) == [.tcp(host: "127.0.0.1", port: 8080)])
        #expect(route.upstream == "app" && route.match.path == "/")
        #expect(route.retry?.attempts == 2)
        #expect(route.retry?.on == [.serverError, .connectFailure])
        let policy = try #require(route.circuitBreaker?.policy(in: Resilience4jBreakers()))
        #expect(policy.failureRateThreshold == 30 && policy.minimumNumberOfCalls == 20)
        #expect(policy.waitDurationInOpenState == .seconds(30) && policy.permittedNumberOfCallsInHalfOpenState == 5)
        #expect(policy.slidingWindowSize == 100, "what the file does not say is resilience4j's default")
        #expect(route.rateLimit?.rate.limit.burst == 800)
        #expect(route.rateLimit?.degraded?.file == "/var/lib/apus/busy.html")
        #expect(route.rateLimit?.degraded?.effectiveStatus == 503)
        let app = try #require(settings.upstreams["app"])
        #expect(app.hosts.map(\.address) == [.tcp(host: "127.0.0.1", port: 9001)])
    }

    @Test("what --print shows reads back to the same", arguments: [smallest, full, spring])
    func printedFileReadsBack(_ text: String) throws {
        let file = try GatewayFile.read(text).get()
        let again = try GatewayFile.read(file.rendered()).get()
        #expect(again.rendered() == file.rendered())
        for section in file.sections { #expect(again.fingerprint(of: section) == file.fingerprint(of: section)) }
    }

    @Test func everyKeyReads() throws {
        let result = GatewayFile.read(GatewaySettingsTests.full)
        #expect(result.complaints.map(\.description) == [])
        let settings = try #require(try result.get().group(GatewaySettings.self))
        let route = settings.routes[0]
        #expect(route.perTryTimeout == .seconds(2))
        #expect(route.retry?.on.contains(.status(425)) == true)
        #expect(route.rateLimit?.per == .header("X-API-Key"))
        #expect(route.cache?.maxBytes == .mebibytes(32))
        #expect(settings.routes[1].rateLimit?.per == .client)
        #expect(settings.upstreams["app"]?.balance == .consistentHash(.cookie("session")))
        #expect(settings.upstreams["app"]?.pool.maxIdlePerHost == 100, "Go's names are read as ours")
        #expect(settings.upstreams["app"]?.pool.idleTimeout == .seconds(90))
        #expect(settings.upstreams["spare"]?.balance == .leastRequests)
        #expect(settings.upstreams["spare"]?.hosts[0].address == .tcp(host: "127.0.0.1", port: 9002), "by a reference")
        #expect(settings.workerCount(processors: 8) == 2)
        #expect(settings.accessLog.format == .json)
    }

    /// Every key of every group, most with a value that is not the default.
    static let full = """
        gateway:
          listen:
            - 127.0.0.1:8080
            - address: ":8443"
              tls:
                certificates:
                  - { certificate: /etc/apus/a.pem, key: /etc/apus/a.key, names: [a.example.com, "*.a.example.com"] }
                  - { certificate: /etc/apus/b.pem, key: /etc/apus/b.key }
                clientCertificates: { authorities: /etc/apus/clients.pem, mode: optional }
                minimumVersion: TLSv1.3
                alpn: [h2, http/1.1]
              http2: { maxConcurrentStreams: 64, streamWindow: 128k, connectionWindow: 2M, maxResets: 100 }
              reusePort: true
            - { address: unix:/run/apus/gateway.sock, http2: false }
          workers: 2
          name: edge
          limits: { headerBytes: 16k, headerFields: 64, targetBytes: 4k, bodyBytes: 10M, requestsPerConnection: 1000, headerTimeout: 5s, tlsHandshakeTimeout: 5s, bodyMinimumRate: 1k, idleTimeout: 1m, maxConnections: 10000, connectionsPerClient: 100 }
          paths: { mergeSlashes: false, escapedSlashes: keep }
          trustedProxies: [10.0.0.0/8, "fd00::/8", 192.0.2.7]
          shedding: { maxInFlight: 1000, queueDelay: 50ms, priorityHeader: X-Priority, retryAfter: 2s }
          tracing: { sampling: 10%, trustIncoming: false, requestIDHeader: null }
          accessLog: json
          rollback: { window: 2m, maxErrorRate: 5%, maxLatencyP99: 800ms, minimumRequests: 500 }
          certificateExpiryWarning: 21d
          routes:
            - name: orders
              match:
                host: [www.example.com, "*.example.org"]
                template: /orders/{id}/{rest*}
                methods: [GET, POST, PURGE]
                headers: { X-Env: canary, X-Debug: { present: false }, User-Agent: { prefix: curl/ } }
              upstream: app
              rewrite: { path: "/v2/orders/{id}/{path.rest}", host: "{upstream.host}" }
              requestHeaders: { set: { X-Client: "{client.address}", X-Order: "{path.id}" }, add: { X-Tag: [a, b] }, remove: X-Internal }
              responseHeaders: { set: { Strict-Transport-Security: max-age=31536000 }, remove: [Server] }
              timeouts: { connect: 1s, firstByte: 10s, perTry: 2s, total: 30s, idle: 30s, tunnelIdle: 2h }
              retry:
                attempts: 2
                on: [gateway-error, reset, refused-stream, retriable-4xx, timeout, per-try-timeout, 425]
                initialBackoff: 10ms
                maxBackoff: 100ms
                maxRetryAfter: 1s
                budget: { percent: 10, minimum: 5 }
                bodyLimit: 1M
                nonIdempotent: true
                sameHost: true
              circuitBreaker: { slidingWindowType: TIME_BASED, slidingWindowSize: 60, slowCallDurationThreshold: 2s, slowCallRateThreshold: 80, failures: [gateway-error, timeout] }
              rateLimit: { requestsPerSecond: 50, burst: 100, per: { header: X-API-Key }, keys: 1000, whenFull: refuse, degraded: { cache: true, static: /srv/busy.html, status: 429, contentType: text/html, retryAfter: 5s } }
              fallback:
                - { cached: true }
                - { on: [503, circuit-open, overload], upstream: spare }
                - { static: /srv/sorry.html, status: 503, contentType: text/html; charset=utf-8 }
              cache: { maxBytes: 32M, maxObjectBytes: 256k, defaultTTL: 10s, staleIfError: 1h, staleWhileRevalidate: 30s, ignoreQuery: true, keyHeaders: Accept-Language, heuristic: true, targetedFields: [X-Cache-Control, CDN-Cache-Control], statusHeader: false }
              hedge: { after: 100ms, percentile: 95, max: 2, budgetPercent: 5 }
              concurrency: { adaptive: { minimum: 5, maximum: 500, sampleWindow: 200ms, percentile: 90, minRTTInterval: 30s, minRTTRequests: 100, bufferPercent: 30, jitterPercent: 5 } }
              priority: 9
              bodyBytes: 1M
              upgrade: []
              tracing: 1
              accessLog: false
            - match: { path: /old }
              redirect: { status: 301, scheme: https, host: www.example.com, port: 8443, prefix: /new, stripQuery: true }
              rateLimit: { requestsPerSecond: 10, per: client }
            - match: { exact: /healthz }
              respond: { status: 200, body: "ok\\n", contentType: text/plain }
            - match: { path: /api }
              upstream: spare
              concurrency: { max: 100 }
          upstreams:
            app:
              hosts: [127.0.0.1:9001, { address: "app.internal:9001", weight: 3 }, "unix:/run/app.sock"]
              protocol: auto
              tls: { verify: true, serverName: app.internal, authorities: [/etc/apus/ca.pem], certificate: /etc/apus/c.pem, key: /etc/apus/c.key }
              balance: { consistentHash: { cookie: session } }
              panicThreshold: 30
              healthCheck: { path: "/healthz?full=1", host: app, interval: 2s, unhealthyInterval: 1s, timeout: 1s, healthyThreshold: 1, unhealthyThreshold: 2, expect: [200, 3xx, 401-403], jitterPercent: 20, port: 9901 }
              outlierDetection: { consecutive5xx: 3, consecutiveGatewayFailures: 2, consecutiveLocalFailures: 4, interval: 5s, baseEjectionTime: 10s, maxEjectionTime: 1m, maxEjectionPercent: 50, successRate: { minimumHosts: 3, requestVolume: 50, stdevFactor: 2 }, failurePercentage: { threshold: 50 } }
              slowStart: { window: 1m, aggression: 2, minWeightPercent: 5 }
              circuitBreaker: { failureRateThreshold: 60 }
              hostCircuitBreaker: backendA
              pool: { maxConnections: 1000, maxConnsPerHost: 200, maxIdleConnsPerHost: 100, maxPending: 64, pendingTimeout: 1s, idleConnTimeout: 90s, tlsHandshakeTimeout: 3s, requestsPerConnection: 10000, streamsPerConnection: 50 }
              dns: { refresh: 10s }
            spare: { hosts: "${env:BACKEND}", protocol: h2, balance: leastRequests }
        resilience4j: { circuitbreaker: { instances: { backendA: { failureRateThreshold: 40 } } } }

        """

    /// From the documentation of resilience4j-spring-boot, with its two spellings of keys and its durations.
    static let spring = """
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
              shared:
                sliding-window-size: 100
                permitted-number-of-calls-in-half-open-state: 30
                wait-duration-in-open-state: 60000
                failure-rate-threshold: 50
            instances:
              backendA:
                baseConfig: default
              backendB:
                register-health-indicator: true
                sliding-window-type: time_based
                wait-duration-in-open-state: PT1M30S
                failure-rate-threshold: 30
              backendC:
                base-config: shared
                failure-rate-threshold: 70

        """

    @Test("resilience4j's block is read as it is")
    func springBlock() throws {
        let result = GatewayFile.read(GatewaySettingsTests.spring)
        #expect(result.complaints.map(\.description) == [])
        let instances = Resilience4jSettings.breakers(in: try result.get())
        let a = try #require(instances.policy(of: "backendA"))
        #expect(a.slidingWindowSize == 10 && a.minimumNumberOfCalls == 5 && a.waitDurationInOpenState == .seconds(5))
        let b = try #require(instances.policy(of: "backendB"))
        #expect(b.slidingWindowType == .timeBased && b.waitDurationInOpenState == .seconds(90))
        #expect(b.failureRateThreshold == 30)
        #expect(b.permittedNumberOfCallsInHalfOpenState == 3, "without a base the default one counts")
        let c = try #require(instances.policy(of: "backendC"))
        #expect(c.slidingWindowSize == 100 && c.waitDurationInOpenState == .seconds(60) && c.failureRateThreshold == 70)
        #expect(c.minimumNumberOfCalls == 100, "a base of another name does not begin with the default one")
        #expect(instances.policy(of: "shared") == nil)
    }

    @Test func breakersAreNamed() throws {
        let text = GatewayFile.route("{ upstream: app, circuitBreaker: backendC }") + GatewaySettingsTests.spring
        let file = try GatewayFile.read(text).get()
        let settings = try #require(file.group(GatewaySettings.self))
        let instances = Resilience4jSettings.breakers(in: file)
        #expect(settings.routes[0].circuitBreaker?.policy(in: instances)?.failureRateThreshold == 70)
        #expect(settings.unknownBreakers(in: instances).isEmpty)
        let unknown = settings.unknownBreakers(in: Resilience4jBreakers())
        #expect(unknown.map(\.key) == ["routes[0].circuitBreaker"])
        let near = try GatewayFile.settings(GatewayFile.route("{ upstream: app, circuitBreaker: { name: backendc } }"))
        #expect(
            near.unknownBreakers(in: instances).map(\.message)
                == ["names no instance of resilience4j.circuitbreaker; did you mean \"backendC\"?"])
    }

    @Test("the block with a dot in its key is the same")
    func dottedKey() throws {
        let dotted = """
            resilience4j.circuitbreaker:
                instances:
                    backendA: { registerHealthIndicator: true, slidingWindowSize: 50 }
                    backendB: { wait-duration-in-open-state: 50s }

            """
        let alone = Resilience4jSettings.breakers(in: try GatewayFile.read(dotted).get())
        #expect(alone.instances.keys == ["backendA", "backendB"])
        #expect(alone.policy(of: "backendB")?.waitDurationInOpenState == .seconds(50))
        let both = Resilience4jSettings.breakers(in: try GatewayFile.read(dotted + GatewaySettingsTests.spring).get())
        #expect(both.policy(of: "backendA")?.slidingWindowSize == 10, "the nested block goes before")
        #expect(both.instances.keys == ["backendA", "backendB", "backendC"])
    }

    @Test("bases have bases, and an instance may have its config's name")
    func chainedBases() throws {
        let text = """
            resilience4j:
              circuitbreaker:
                configs:
                  default: { baseConfig: cautious, failureRateThreshold: 45 }
                  cautious: { slidingWindowSize: 7, failureRateThreshold: 20 }
                  own: { slidingWindowSize: 9 }
                instances: { plain: {}, named: { baseConfig: default, slidingWindowSize: 8 }, own: {} }

            """
        let breakers = Resilience4jSettings.breakers(in: try GatewayFile.read(text).get())
        let sizes = breakers.instances.keys.map { breakers.policy(of: $0)?.slidingWindowSize }
        #expect(sizes == [7, 8, 9])
        #expect(breakers.policy(of: "plain")?.failureRateThreshold == 45)
        #expect(breakers.policy(of: "own")?.failureRateThreshold == 50)
    }
}
