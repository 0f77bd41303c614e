import Base
import Glibc
import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct GatewayRouteTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func requestsAreMatchedRewrittenAndEdited() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let page = try folder.write("page.html", "<p>page</p>")
        let rig = try await GatewayRig.start(
            """
              routes:
                - { match: { exact: /text }, respond: { status: 418, body: short } }
                - { match: { exact: /page }, respond: { static: \(page) } }
                - { match: { path: /old }, redirect: { prefix: /new, status: 308 } }
                - { match: { host: "*.wild.test" }, respond: { status: 200, body: wild } }
                - { match: { host: exact.wild.test }, respond: { status: 200, body: exact } }
                - { match: { path: /only, methods: [GET, HEAD] }, respond: { status: 200, body: got } }
                - { match: { path: /flag, headers: { X-Flag: "on" } }, respond: { status: 200, body: flagged } }
                - { match: { path: /flag }, respond: { status: 200, body: plain } }
                - { match: { path: /api }, upstream: app, rewrite: { prefix: /v2, host: inner.test } }
                - name: orders
                  match: { template: "/orders/{id}/items/{rest*}" }
                  upstream: app
                  rewrite: { path: "/items/{rest}/of/{id}" }
                  requestHeaders:
                    set: { X-Order: "{path.id}", X-Who: "{client.address} {route} {method}" }
                    add: { X-More: [a, b] }
                    remove: [Cookie]
                  responseHeaders:
                    set: { X-Served: "{upstream} {upstream.host}" }
                    remove: [X-Host]
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """, folder: folder)
        #expect(try await rig.get("/text").status == 418)
        #expect(try await rig.get("/text").body == "short")
        let file = try await rig.get("/page")
        #expect(file.body == "<p>page</p>")
        #expect(file["content-type"]?.hasPrefix("text/html") == true)
        let moved = try await rig.get("/old/a/b?q=1")
        #expect(moved.status == 308)
        #expect(moved["location"]?.hasSuffix("/new/a/b?q=1") == true)
        #expect(try await rig.get("/", "-H", "Host: a.wild.test").body == "wild")
        #expect(try await rig.get("/", "-H", "Host: EXACT.wild.test").body == "exact")
        #expect(try await rig.get("/only").body == "got")
        let refused = try await rig.get("/only", "-d", "x")
        #expect(refused.status == 405)
        #expect(refused["allow"]?.contains("GET") == true)
        #expect(try await rig.get("/flag", "-H", "X-Flag: on").body == "flagged")
        #expect(try await rig.get("/flag").body == "plain")

        #expect(try await rig.get("/api/x?y=1").body == "GET /v2/x?y=1\n")
        #expect(upstream.requests.last?["host"] == "inner.test")
        let order = try await rig.get("/orders/42/items/a/b?z=1", "-H", "Cookie: secret=1")
        #expect(order.body == "GET /items/a/b/of/42?z=1\n")
        #expect(order["x-served"] == "app 127.0.0.1:\(upstream.port)")
        #expect(order["x-host"] == nil)
        let seen = try #require(upstream.requests.last)
        #expect(seen["x-order"] == "42")
        #expect(seen["x-who"] == "127.0.0.1 orders GET")
        #expect(seen.all("x-more").joined(separator: ", ") == "a, b")
        #expect(seen["cookie"] == nil)
        #expect(seen.faults.isEmpty)
    }

    @Test func whatNoRouteMatchesIsNotFound() async throws {
        let rig = try await GatewayRig.start(
            """
              routes: [{ match: { path: /a }, respond: { status: 200, body: a } }]
            """, folder: folder)
        #expect(try await rig.get("/b").status == 404)
        #expect(try await rig.get("/ab").status == 404)
        #expect(try await rig.get("/a/../b").status == 404)
        #expect(try await rig.get("/b/../a/x").body == "a")
    }

    @Test(arguments: [true, false]) func whoForwardsIsBelievedWhenTrusted(trusted: Bool) async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
            \(trusted ? "  trustedProxies: 127.0.0.0/8" : "")
              routes: [{ upstream: app }]
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """, folder: folder)
        _ = try await rig.get(
            "/", "-H", "X-Forwarded-For: 203.0.113.7", "-H", "X-Forwarded-Proto: https", "-H",
            "X-Forwarded-Host: shop.test")
        let seen = try #require(upstream.requests.last)
        #expect(seen.all("x-forwarded-for") == [trusted ? "203.0.113.7, 127.0.0.1" : "127.0.0.1"])
        #expect(seen["x-forwarded-proto"] == (trusted ? "https" : "http"))
        #expect(seen["x-forwarded-host"] == (trusted ? "shop.test" : "127.0.0.1:\(rig.port)"))
    }

    private static let traceID = "0af7651916cd43dd8448eb211c80319c"
    private static let parent = "00-\(traceID)-b7ad6b7169203331-01"

    @Test(arguments: [
        ([parent], true),
        ([], false),
        ([parent.uppercased()], false),
        (["ff-\(traceID)-b7ad6b7169203331-01"], false),
        ([parent, parent], false),
        (["00-\(traceID)-0000000000000000-01"], false),
        (["cc-\(traceID)-b7ad6b7169203331-01-what-comes"], true),
        (["00-\(traceID)-b7ad6b7169203331-01-more"], false),
    ])
    func aValidTraceGoesOnAndAnotherBegins(_ values: [String], goesOn: Bool) async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes: [{ upstream: app }]
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """, folder: folder)
        _ = try await CurlAnswer.of(
            ["http://127.0.0.1:\(rig.port)/", "-H", "tracestate: a=1"]
                + values.flatMap { ["-H", "traceparent: \($0)"] },
            folder: folder)
        let seen = try #require(upstream.requests.last)
        let sent = try #require(seen.all("traceparent").count == 1 ? seen["traceparent"] : nil)
        #expect(sent.contains(Self.traceID) == goesOn, "\(sent)")
        #expect(!sent.contains("b7ad6b7169203331"))
        #expect(sent.hasPrefix("00-"))
        #expect(seen["tracestate"] == (goesOn ? "a=1" : nil))
    }
}

@Suite(.timeLimit(.minutes(2))) struct GatewayObservationTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func spansOfServerAndClientsAreExported() async throws {
        let place = "\(folder.path)/otlp"
        let said = try await Peers.run("otlp/receiver.py", ["start", place], folder: folder)
        defer {
            if let text = try? Files.read("\(place)/pid"), let pid = Int32(String(decoding: text, as: UTF8.self)) {
                kill(pid, SIGKILL)
            }
        }
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes: [{ name: shop, upstream: app, retry: { attempts: 1, on: 5xx, initialBackoff: 1ms } }]
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """,
            rest: "telemetry: { traces: { endpoint: \"\(said.prefix { $0 != "\n" })\", batch: { delay: 100ms } } }",
            folder: folder, environment: ["OTEL_EXPORTER_OTLP_ENDPOINT": nil, "OTEL_SERVICE_NAME": nil])
        let trace = "0af7651916cd43dd8448eb211c80319c"
        #expect(
            try await rig.get("/x?fail=1", "-H", "traceparent: 00-\(trace)-b7ad6b7169203331-01").status == 200)
        try await Peers.run("otlp/receiver.py", ["wait", place, "GET shop"], folder: folder)
        try await Peers.run("otlp/receiver.py", ["wait", place, "GET", "-n", "2"], folder: folder)
        let log = String(decoding: try Files.read("\(place)/log"), as: UTF8.self)
        #expect(log.contains(trace))
        #expect(log.contains("http.request.resend_count: Int(1)"))
        #expect(log.contains("http.route: Str(shop)"))
    }

    @Test(arguments: ["json", "combined"]) func requestsAreLogged(format: String) async throws {
        let file = "\(folder.path)/access.log"
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              accessLog: { format: \(format), file: \(file) }
              routes:
                - { name: r, upstream: app }
                - { match: { path: /quiet }, upstream: app, accessLog: false }
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """, folder: folder)
        _ = try await rig.get("/x?q=1", "-A", "curl \"quoted\"", "-e", "http://from.test/")
        _ = try await rig.get("/quiet")
        _ = try await rig.get("/y?status=500")
        var text = ""
        try await eventually("both lines are there", within: .seconds(10)) {
            text = String(decoding: (try? Files.read(file)) ?? [], as: UTF8.self)
            return text.split(separator: "\n").count >= 2
        }
        let first = text.split(separator: "\n")[0]
        #expect(!text.contains("quiet"))
        if format == "json" {
            for part in [
                #""client":"127.0.0.1""#, #""method":"GET""#, #""target":"/x?q=1""#, #""status":200"#, #""route":"r""#,
                "\"upstream\":\(upstream.host)", #""attempts":1"#, #""userAgent":"curl \"quoted\"""#,
                #""referer":"http://from.test/""#, #""outcome":"upstream""#,
            ] { #expect(first.contains(part), "\(part): \(first)") }
        } else {
            #expect(first.hasPrefix("127.0.0.1 - - ["))
            #expect(
                first.contains(#""GET /x?q=1 HTTP/1.1" 200 11 "http://from.test/" "curl \x22quoted\x22""#), "\(first)")
        }
    }

    @Test func theConsoleShowsHostsAndBreakers() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes: [{ name: r, upstream: app }]
              upstreams: { app: { hosts: [\(upstream.host)], circuitBreaker: { minimumNumberOfCalls: 2 } } }
            """, folder: folder)
        _ = try await rig.get("/")
        try await eventually("they are shown", within: .seconds(10)) {
            let page = try await Client.get("\(#require(rig.apus.address))/").text
            return page.contains("127.0.0.1:\(upstream.port)") && page.contains("app")
        }
    }

    @Test func aRouteMaySetOrRemoveWhatTheGatewayAdds() async throws {
        let upstream = try await ScriptedUpstream(folder: folder)
        let rig = try await GatewayRig.start(
            """
              routes:
                - upstream: app
                  requestHeaders:
                    set: { X-Forwarded-Proto: https, X-Request-ID: "mine" }
                    add: { X-Forwarded-For: 192.0.2.1 }
                    remove: [Via, traceparent, X-Forwarded-Host]
              upstreams: { app: { hosts: [\(upstream.host)] } }
            """, folder: folder)
        _ = try await rig.get(
            "/", "-H", "X-Forwarded-Proto: gopher", "-H", "X-Request-ID: theirs", "-H", "Via: 1.1 other")
        let request = try #require(upstream.requests.first)
        #expect(request.all("x-forwarded-proto") == ["https"])
        #expect(request.all("x-request-id") == ["mine"])
        #expect(request.all("x-forwarded-for") == ["127.0.0.1", "192.0.2.1"])
        for name in ["via", "traceparent", "tracestate", "x-forwarded-host"] { #expect(request[name] == nil) }
    }

    @Test func hostsMayHaveAddressesOfIPv6() async throws {
        let upstream = try await ScriptedUpstream(folder: folder, arguments: ["--host", "::1"])
        let rig = try await GatewayRig.start(
            """
              listen: "[::1]:@port@"
              routes: [{ upstream: app }]
              upstreams: { app: { hosts: ["[::1]:\(upstream.port)"] } }
            """, folder: folder)
        #expect(try await rig.get("/", host: "[::1]").status == 200)
        #expect(upstream.requests.first?["x-forwarded-for"] == "::1")
    }

    @Test func anAccessLogThatNobodyReadsHoldsNobodyUp() async throws {
        let fifo = "\(folder.path)/access"
        #expect(mkfifo(fifo, 0o600) == 0)
        // A reader that does not read.
        let reader = open(fifo, O_RDWR | O_NONBLOCK)
        defer { close(reader) }
        let rig = try await GatewayRig.start(
            """
              workers: 1
              accessLog: { format: json, file: \(fifo) }
              routes: [{ respond: { body: here } }]
            """, folder: folder)
        let long = String(repeating: "x", count: 4000)
        #expect(try await rig.statuses("/\(long)", count: 600) == [Int](repeating: 200, count: 600))
        try await rig.waitForMetric("apus_gateway_access_log_lost_total") { $0 > 0 }
        #expect(try await rig.get("/").body == "here")
    }
}
