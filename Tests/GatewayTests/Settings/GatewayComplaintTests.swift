import Gateway
import Settings
import Testing

/// What is said of a file that is wrong. To add a case, write what stands after `- ` of a route (or a whole file) and
/// the complaints, a line each, without the file's name.
@Suite struct GatewayComplaintTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let complaints: [String]
        var testDescription: String { text }

        static func route(_ route: String, _ complaints: String...) -> Case {
            Case(text: GatewayFile.route(route), complaints: complaints)
        }

        static func upstream(_ upstream: String, _ complaints: String...) -> Case {
            Case(
                text: GatewayFile.route("{ upstream: app }", upstreams: "{ app: \(upstream) }"), complaints: complaints)
        }

        static func file(_ text: String, _ complaints: String...) -> Case {
            Case(text: text, complaints: complaints)
        }
    }

    @Test("says where and what", arguments: routes + matches + upstreams + files + spring)
    func complaints(_ example: Case) {
        let complaints = GatewayFile.read(example.text).complaints.map { String($0.description.dropFirst(2)) }
        #expect(complaints.joined(separator: "\n") == example.complaints.joined(separator: "\n"))
    }

    static let routes: [Case] = [
        .route(
            "{ upstream: ap }",
            "5:19: gateway.routes[0].upstream: names no entry of upstreams; did you mean \"app\"?"),
        .route(
            "{ upstream: app, redirect: { scheme: https } }",
            "5:34: gateway.routes[0].redirect: does not go with another of upstream, respond and redirect"),
        .route(
            "{ match: { path: / } }",
            "5:7: gateway.routes[0]: wants one of upstream, respond and redirect"),
        .route(
            "{ upstream: app, retry: { attempts: 0 } }",
            "5:43: warning: gateway.routes[0].retry.attempts: 0 never tries again: leave retry out"),
        .route(
            "{ upstream: app, retry: { attempts: 2, on: [] } }",
            "5:50: gateway.routes[0].retry.on: names nothing that attempts could be for"),
        .route(
            "{ upstream: app, retry: { on: [5XX, 302, circuit-open] } }",
            "5:38: gateway.routes[0].retry.on[0]: found \"5XX\", did you mean \"5xx\"?; wanted a condition: 5xx, gateway-error, connect-failure, reset, refused-stream, retriable-4xx, timeout, per-try-timeout, or a status code from 400 to 599",
            "5:43: gateway.routes[0].retry.on[1]: found the number 302, wanted a condition: 5xx, gateway-error, connect-failure, reset, refused-stream, retriable-4xx, timeout, per-try-timeout, or a status code from 400 to 599",
            "5:48: gateway.routes[0].retry.on[2]: found \"circuit-open\", wanted a condition: 5xx, gateway-error, connect-failure, reset, refused-stream, retriable-4xx, timeout, per-try-timeout, or a status code from 400 to 599"
        ),
        .route(
            "{ upstream: app, retry: { perTryTimeout: 1s }, timeouts: { perTry: 2s } }",
            "5:48: gateway.routes[0].retry.perTryTimeout: is given as timeouts.perTry, too"),
        .route(
            "{ upstream: app, retry: { perTryTimeout: 10s }, timeouts: { total: 2s } }",
            "5:48: gateway.routes[0].retry.perTryTimeout: must not be longer than timeouts.total, which holds for all tries together"
        ),
        .route(
            "{ respond: { status: 204, body: x }, retry: {} }",
            "5:28: gateway.routes[0].respond.status: 204 has no body"),
        .route(
            "{ upstream: app, fallback: { cached: true } }",
            "5:34: gateway.routes[0].fallback[0].cached: needs cache in this route"),
        .route(
            "{ upstream: app, fallback: [{ upstream: spare, status: 200 }, { on: [5xx] }] }",
            "5:62: gateway.routes[0].fallback[0].status: means nothing without static or body",
            "5:69: gateway.routes[0].fallback[1]: wants exactly one of cached, static, body and upstream"),
        .route(
            "{ upstream: app, rateLimit: { burst: 5 } }",
            "5:24: gateway.routes[0].rateLimit: the key requestsPerSecond is missing, wanted a number from 0.001 to 1000000"
        ),
        .route(
            "{ upstream: app, rateLimit: { requestsPerSecond: 5, per: clients } }",
            "5:64: gateway.routes[0].rateLimit.per: found \"clients\", wanted one of route, client, header, as a mapping with that one key; did you mean \"client\"?"
        ),
        .route(
            "{ upstream: app, rateLimit: { requestsPerSecond: 5, degraded: { cache: true } } }",
            "5:78: gateway.routes[0].rateLimit.degraded.cache: needs cache in this route"),
        .route(
            "{ upstream: app, circuitBreaker: { name: a, failureRateThreshold: 20 } }",
            "5:48: gateway.routes[0].circuitBreaker.name: does not go with settings: the instance has them"),
        .route(
            "{ upstream: app, circuitBreaker: { failureRateTreshold: 20 } }",
            "5:42: gateway.routes[0].circuitBreaker.failureRateTreshold: unknown key; did you mean \"failureRateThreshold\"?"
        ),
        .route(
            "{ upstream: app, concurrency: { max: 5, adaptive: {} } }",
            "5:24: gateway.routes[0].concurrency: wants max or adaptive, not both"),
        .route(
            "{ upstream: app, hedge: {} }",
            "5:24: gateway.routes[0].hedge: wants after, percentile or both"),
        .route(
            "{ upstream: app, upgrade: h2c }",
            "5:33: gateway.routes[0].upgrade[0]: found \"h2c\", wanted a protocol: websocket or another token of Upgrade, but not h2c"
        ),
        .route(
            "{ redirect: { status: 305, path: /x } }",
            "5:29: gateway.routes[0].redirect.status: must be 301, 302, 303, 307 or 308"),
        .route(
            "{ redirect: {} }",
            "5:9: gateway.routes[0].redirect: wants one of scheme, host, port, path and prefix: this leads back to itself"
        ),
        .route(
            "{ upstream: app, requestHeaders: { set: { Host: x }, remove: [Connection] } }",
            "5:47: gateway.routes[0].requestHeaders.set: the gateway makes 'Host' itself: rewrite.host changes Host",
            "5:69: gateway.routes[0].requestHeaders.remove[0]: is a header that the gateway makes itself"),
        .route(
            "{ upstream: app, requestHeaders: { set: { X-A: \"{path.id}\" } } }",
            "5:54: gateway.routes[0].requestHeaders.set.X-A: has an unknown {…}, known are client.address, host, method, path, query, request.id, route, scheme, upstream, upstream.host"
        ),
        .route(
            "{ upstream: app, requestHeaders: { add: { X-A: \"{host\" } } }",
            "5:54: gateway.routes[0].requestHeaders.add.X-A[0]: has a { that is not closed; {{ is a brace"),
        .route(
            "{ upstream: app, cache: { maxBytes: 64k, maxObjectBytes: 1M } }",
            "5:64: gateway.routes[0].cache.maxObjectBytes: must not be more than maxBytes"),
    ]

    static let matches: [Case] = [
        .route(
            "{ upstream: app, match: { path: api } }",
            "5:39: gateway.routes[0].match.path: found \"api\", wanted a path: beginning with /, without query"),
        .route(
            "{ upstream: app, match: { path: /a, exact: /b } }",
            "5:50: gateway.routes[0].match.exact: does not go with another of path, exact and template"),
        .route(
            "{ upstream: app, match: { path: /orders/{id} } }",
            "5:47: wanted \",\" or \"}\" in a mapping that is open (it begins at 5:31)"),
        .route(
            "{ upstream: app, match: { path: \"/orders/{id}\" } }",
            "5:39: gateway.routes[0].match.path: has braces: names of segments are for template"),
        .route(
            "{ upstream: app, match: { template: /orders } }",
            "5:43: gateway.routes[0].match.template: has no {name}: exact is for such paths"),
        .route(
            "{ upstream: app, match: { template: \"/o/{id}-x\" } }",
            "5:43: gateway.routes[0].match.template: must have names as whole segments: /orders/{id}, not /orders-{id}"),
        .route(
            "{ upstream: app, match: { template: \"/o/{id*}/x\" } }",
            "5:43: gateway.routes[0].match.template: has {id*} before its end"),
        .route(
            "{ upstream: app, match: { template: \"/o/{id}/{id}\" } }",
            "5:43: gateway.routes[0].match.template: has a name twice"),
        .route(
            "{ upstream: app, match: { path: /a/../b } }",
            "5:39: gateway.routes[0].match.path: must not hold the segments . and .."),
        .route(
            "{ upstream: app, match: { path: /a//b } }",
            "5:39: gateway.routes[0].match.path: must not hold //"),
        .route(
            "{ upstream: app, match: { path: /a%2 } }",
            "5:39: gateway.routes[0].match.path: has a % that is not followed by two hexadecimal digits"),
        .route(
            "{ upstream: app, match: { path: \"/a?b=c\" } }",
            "5:39: gateway.routes[0].match.path: found \"/a?b=c\", wanted a path: beginning with /, without query"),
        .route(
            "{ upstream: app, match: { host: \"www.example.com:80\" } }",
            "5:39: gateway.routes[0].match.host[0]: found \"www.example.com:80\", wanted a host: www.example.com, *.example.com or *; without scheme and port"
        ),
        .route(
            "{ upstream: app, match: { host: \"www.*.com\" } }",
            "5:39: gateway.routes[0].match.host[0]: found \"www.*.com\", wanted a host: www.example.com, *.example.com or *; without scheme and port"
        ),
        .route(
            "{ upstream: app, match: { methods: get } }",
            "5:42: gateway.routes[0].match.methods[0]: found \"get\", wanted a method: in capitals, such as GET or POST"
        ),
        .route(
            "{ upstream: app, match: { headers: { X-A: { value: a, prefix: b }, x-a: c } } }",
            "5:44: gateway.routes[0].match.headers.X-A: wants exactly one of value, prefix, suffix, contains and present"
        ),
        .route("{ upstream: app, match: { headers: { X-Version: 2 } } }"),
        .route(
            "{ upstream: app, match: { headers: { X-A: a, x-a: b, \"X B\": c } } }",
            "5:42: gateway.routes[0].match.headers: has a key that is no header's name",
            "5:42: gateway.routes[0].match.headers: has the same header twice; case makes no difference"),
        .route(
            "{ upstream: app, match: { exact: /a }, rewrite: { prefix: /b } }",
            "5:65: gateway.routes[0].rewrite.prefix: needs match.path: there is no prefix to replace"),
        .route(
            "{ upstream: app }\n    - { upstream: app, match: { path: / } }",
            "6:31: warning: gateway.routes[1].match: routes[0] has the same, and goes before this one"),
        .route(
            "{ name: a, upstream: app }\n    - { name: a, upstream: app, match: { path: /b } }",
            "6:15: gateway.routes[1].name: an earlier route has this name"),
    ]

    /// 54 methods beside those of RFC 9110 have room.
    @Test(arguments: [(54, true), (55, false)])
    func methodsAreBounded(_ count: Int, _ isRight: Bool) {
        let routes = (0..<count).map { "{ upstream: app, match: { path: /\($0), methods: [GET, M\($0)] } }" }
        let complaints = GatewayFile.read(GatewayFile.route(routes.joined(separator: "\n    - "))).complaints
        let expected = "gateway.routes[54].match.methods"
        #expect(complaints.map(\.path.description) == (isRight ? [] : [expected]))
    }

    static let upstreams: [Case] = [
        .upstream(
            "{ hosts: [] }",
            "3:30: gateway.upstreams.app.hosts: found 0 items, wanted a mapping, or its address alone, or a list of such"
        ),
        .upstream(
            "{ hosts: \"http://127.0.0.1:9001\" }",
            "3:30: gateway.upstreams.app.hosts[0].address: found \"http://127.0.0.1:9001\", wanted a server: host:port, [IPv6]:port or unix:/path, without http://"
        ),
        .upstream(
            "{ hosts: [\"127.0.0.1:9001\", { address: \"127.0.0.1:9001\", weight: 2 }] }",
            "3:49: gateway.upstreams.app.hosts[1]: an earlier host has this address; weight gives it more"),
        .upstream(
            "{ hosts: \":9001\" }",
            "3:30: gateway.upstreams.app.hosts[0].address: found \":9001\", wanted a server: host:port, [IPv6]:port or unix:/path, without http://"
        ),
        .upstream(
            "{ hosts: \"127.0.0.1:9001\", protocol: auto }",
            "3:58: gateway.upstreams.app.protocol: auto chooses by ALPN, and that needs tls"),
        .upstream(
            "{ hosts: \"127.0.0.1:9001\", balance: roundrobin }",
            "3:57: gateway.upstreams.app.balance: found \"roundrobin\", wanted one of roundRobin, leastRequests, random, consistentHash, as a mapping with that one key; did you mean \"roundRobin\"?"
        ),
        .upstream(
            "{ hosts: \"127.0.0.1:9001\", balance: consistentHash }",
            "3:57: gateway.upstreams.app.balance.consistentHash: found nothing, wanted one of header, cookie, address, as a mapping with that one key"
        ),
        .upstream(
            "{ hosts: \"127.0.0.1:9001\", outlierDetection: {} }",
            "3:66: warning: gateway.upstreams.app.outlierDetection: never leaves out the only host"),
        .upstream(
            "{ hosts: \"127.0.0.1:9001\", slowStart: {} }",
            "3:59: warning: gateway.upstreams.app.slowStart: means nothing without healthCheck or outlierDetection"),
        .upstream(
            "{ hosts: \"127.0.0.1:9001\", healthCheck: { interval: 1s, expect: 600 } }",
            "3:85: gateway.upstreams.app.healthCheck.expect[0]: found the number 600, wanted status codes: 503, 5xx or 200-399"
        ),
        .upstream(
            "{ hosts: \"127.0.0.1:9001\", tls: { verify: false, certificate: /c.pem } }",
            "3:63: warning: gateway.upstreams.app.tls.verify: false lets anybody be the server",
            "3:83: gateway.upstreams.app.tls.certificate: needs key"),
        .upstream(
            "{ hosts: \"127.0.0.1:9001\", pool: { idleTimeout: 1s, idleConnTimeout: 2s } }",
            "3:73: gateway.upstreams.app.pool.idleConnTimeout: means the same as idleTimeout, which is given too"),
    ]

    static let files: [Case] = [
        .file(
            "gateway:\n",
            "1:1: gateway: the key listen is missing, wanted a mapping, or its address alone, or a list of such",
            "1:1: gateway: the key routes is missing, wanted a list of 1 to 10000"),
        .file(
            """
            gateway:
              listen: [":80", ":80", { address: ":443", tls: { alpn: [h2] }, http2: false }]
              routes: []
              trustedProxies: 10.0.0.1/8
              shedding: {}
              accessLog: { format: off, file: log }

            """,
            "2:45: gateway.listen[2].tls: the key certificates is missing, wanted a mapping, or a list of such",
            "3:11: gateway.routes: found 0 items, wanted a list of 1 to 10000",
            "4:19: gateway.trustedProxies[0]: found \"10.0.0.1/8\", wanted an address or a block of such: 10.0.0.0/8, 192.0.2.7 or fd00::/8, no bits after the prefix",
            "5:3: gateway.shedding: wants maxInFlight, queueDelay or both",
            "6:35: warning: gateway.accessLog.file: means nothing with format: off",
            "6:35: gateway.accessLog.file: must be an absolute path"),
        .file(
            """
            gateway:
              listen: 8080
              routes: [{ respond: { body: hello } }]
              upstreams: { app: { hosts: 127.0.0.1:9001 } }

            """,
            "2:11: gateway.listen[0].address: found the number 8080, wanted an address: host:port, [IPv6]:port, :port or unix:/path"
        ),
    ]

    static let spring: [Case] = [
        .file(
            """
            resilience4j:
              retry: { instances: {} }
              circuitbreaker:
                configs:
                  a: { base-config: b }
                  b: { base-config: a }
                instances:
                  x: { base-config: B }
                  y: { baseConfig: a, record-exceptions: [java.io.IOException] }

            """,
            "5:25: resilience4j.circuitbreaker.configs.a.baseConfig: leads in a circle",
            "6:25: resilience4j.circuitbreaker.configs.b.baseConfig: leads in a circle",
            "8:25: resilience4j.circuitbreaker.instances.x.baseConfig: names no entry of configs; did you mean \"b\"?",
            "9:24: resilience4j.circuitbreaker.instances.y.baseConfig: leads in a circle",
            "9:46: warning: resilience4j.circuitbreaker.instances.y.recordExceptions: is not used; a breaker's failures says what counts"
        ),
        .file(
            """
            resilience4j:
              circuitbreaker:
                configs: { default: { wait-duration-in-open-state: PT } }
                backends:
                  x: {}
                  z: { failure-rate-threshold: 120, slidingWindowTyp: COUNT_BASED }

            """,
            "3:56: resilience4j.circuitbreaker.configs.default.waitDurationInOpenState: found \"PT\", wanted a duration from 1ms to 1d, such as 200ms, 30s, 5m or 1h30m",
            "3:56: resilience4j.circuitbreaker.instances.x.waitDurationInOpenState: found \"PT\", wanted a duration from 1ms to 1d, such as 200ms, 30s, 5m or 1h30m",
            "3:56: resilience4j.circuitbreaker.instances.z.waitDurationInOpenState: found \"PT\", wanted a duration from 1ms to 1d, such as 200ms, 30s, 5m or 1h30m",
            "6:36: resilience4j.circuitbreaker.instances.z.failureRateThreshold: found the number 120, which is out of range; wanted a number from 0.001 to 100",
            "6:41: resilience4j.circuitbreaker.instances.z.slidingWindowTyp: unknown key; did you mean \"slidingWindowType\"?"
        ),
    ]
}
