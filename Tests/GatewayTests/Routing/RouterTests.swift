import Gateway
import Settings
import Testing

/// Tables of routes and requests. To add one: each route is a name and its `match` as a settings file has it; each
/// request a line with method, host, path and headers, and what it gets: a route (with what the template's names stand
/// for), 404, or 405 with Allow.
@Suite struct RouterTests {
    struct Table: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let routes: [String]
        let requests: [(request: String, route: String)]

        init(_ description: String, _ routes: [String], _ requests: [(request: String, route: String)]) {
            testDescription = description
            self.routes = routes
            self.requests = requests
        }
    }

    @Test("chooses", arguments: tables)
    func chooses(_ table: Table) throws {
        let routes = table.routes.map { route in
            let parts = route.split(separator: ":", maxSplits: 1)
            return "    - { name: \(parts[0]), respond: {}, match: \(parts[1]) }\n"
        }
        let text = "gateway:\n  listen: 127.0.0.1:8080\n  routes:\n" + routes.joined()
        let settings = try GatewayFile.settings(text)
        let router = Router(settings.routes.map { RouteMatch($0.match) })
        for (request, expected) in table.requests {
            let (answer, captures) = RequestText(request).ask(router)
            let found =
                switch answer {
                case .route(let index):
                    ([settings.routes[index].label]
                        + (settings.routes[index].match.template == nil ? [] : captures)).joined(separator: " ")
                case .notFound: "404"
                case .methodNotAllowed(let methods): "405 \(router.allowText(methods))"
                }
            #expect(found == expected, "\(request)")
        }
    }

    static let tables: [Table] = [
        Table(
            "hosts: exact before the longest wildcard before any, and the next where the path does not fit",
            [
                "any: { path: / }", "exact: { host: www.example.com, path: /e }",
                "below: { host: \"*.example.com\", path: /b }", "deep: { host: \"*.a.example.com\", path: /b }",
            ],
            [
                ("GET www.example.com /e", "exact"), ("GET WWW.Example.COM:8080 /e/x", "exact"),
                ("GET www.example.com. /e", "exact"), ("GET www.example.com /b", "below"),
                ("GET www.example.com /x", "any"), ("GET x.a.example.com /b", "deep"),
                ("GET y.x.a.example.com /b", "deep"), ("GET a.example.com /b", "below"),
                ("GET example.com /b", "any"), ("GET notexample.com /b", "any"), ("GET .example.com /b", "any"),
                ("GET www.example.com.evil.org /e", "any"), ("GET [::1]:80 /b", "any"),
                ("GET \(String(repeating: "a.", count: 200))example.com /b", "any"),
            ]),
        Table(
            "an address as host", ["six: { host: \"[::1]\" }", "four: { host: 127.0.0.1 }"],
            [
                ("GET [::1] /", "six"), ("GET [::1]:8080 /", "six"), ("GET 127.0.0.1:80 /", "four"),
                ("GET [::2] /", "404"), ("GET [::1 /", "404"), ("GET : /", "404"),
            ]),
        Table(
            "prefixes go by whole segments, the longest first",
            ["root: { path: / }", "api: { path: /api }", "deep: { path: /api/v1/users/ }", "one: { path: /x }"],
            [
                ("GET h /", "root"), ("GET h /api", "api"), ("GET h /api/", "api"), ("GET h /api/v1", "api"),
                ("GET h /api/v1/users", "deep"), ("GET h /api/v1/users/", "deep"), ("GET h /api/v1/users/7", "deep"),
                ("GET h /api/v1/usersx", "api"), ("GET h /apix", "root"), ("GET h /ap", "root"), ("GET h /API", "root"),
                ("GET h /x/api", "one"), ("GET h *", "root"),
            ]),
        Table(
            "exact before template before prefix",
            [
                "prefix: { path: /orders/7/items }", "template: { template: \"/orders/{id}\" }",
                "item: { template: \"/orders/{id}/items/{item}\" }", "exact: { exact: /orders/7 }",
                "slash: { exact: /orders/ }",
            ],
            [
                ("GET h /orders/7", "exact"), ("GET h /orders/8", "template 8"), ("GET h /orders/", "slash"),
                ("GET h /orders/7/", "404"), ("GET h /orders/7/items", "prefix"),
                ("GET h /orders/7/items/9", "item 7 9"), ("GET h /orders/7/items/9/x", "prefix"),
                ("GET h /orders", "404"), ("GET h /orders/a%20b", "template a%20b"),
            ]),
        Table(
            "templates: a literal before a name before the rest",
            [
                "rest: { template: \"/{all*}\" }", "name: { template: \"/a/{x}/c\" }",
                "literal: { template: \"/a/b/{y}\" }",
                "mixed: { template: \"/a/{x}/{rest*}\" }", "two: { template: \"/{p}/{q}\" }",
                "end: { template: \"/s/{p}/\" }",
            ],
            [
                ("GET h /a/b/c", "literal c"), ("GET h /a/z/c", "name z"), ("GET h /a/b/c/d", "mixed b c/d"),
                ("GET h /a/z/d", "mixed z d"), ("GET h /q/r", "two q r"), ("GET h /q", "rest q"),
                ("GET h /q/r/s", "rest q/r/s"), ("GET h /", "404"), ("GET h /s/x/", "end x"), ("GET h /s/x", "two s x"),
                ("GET h /a//c", "rest a//c"),
            ]),
        Table(
            "methods before none, headers in number, then the order of the file",
            [
                "all: { path: /a }", "later: { path: /a, methods: POST }", "get: { path: /a, methods: [GET] }",
                "env: { path: /a, methods: POST, headers: { X-Env: canary } }",
                "both: { path: /a, methods: POST, headers: { X-Env: canary, X-B: { prefix: b } } }",
                "purge: { path: /a, methods: PURGE }",
            ],
            [
                ("GET h /a", "get"), ("HEAD h /a", "get"), ("PUT h /a", "all"), ("POST h /a", "later"),
                ("POST h /a x-env=canary", "env"), ("POST h /a X-ENV=Canary", "later"),
                ("POST h /a X-Env=canary X-B=bc", "both"), ("POST h /a X-Env=prod X-Env=canary", "env"),
                ("PURGE h /a", "purge"), ("PURGEX h /a", "all"),
            ]),
        Table(
            "405 says what is allowed, headers and hosts considered",
            [
                "get: { path: /a, methods: GET }", "post: { path: /a/b, methods: [POST, LOCK] }",
                "debug: { path: /a, methods: DELETE, headers: { X-Debug: \"1\" } }",
                "other: { host: other.org, path: /a, methods: PUT }",
            ],
            [
                ("POST h /a", "405 GET, HEAD"), ("PUT h /a/b", "405 GET, HEAD, POST, LOCK"), ("GET h /a/b", "get"),
                ("PUT h /a X-Debug=1", "405 GET, HEAD, DELETE"), ("DELETE h /a X-Debug=1", "debug"),
                ("POST other.org /a", "405 GET, HEAD, PUT"), ("POST h /b", "404"), ("UNLOCK h /a", "405 GET, HEAD"),
            ]),
        Table(
            "tests of headers",
            [
                "absent: { path: /n, headers: { X-A: { present: false } } }",
                "present: { path: /p, headers: { X-A: { present: true } } }",
                "suffix: { path: /s, headers: { X-A: { suffix: z } } }",
                "contains: { path: /c, headers: { X-A: { contains: \"b c\" } } }",
                "prefix: { path: /f, headers: { X-A: { prefix: ab } } }",
            ],
            [
                ("GET h /n", "absent"), ("GET h /n X-B=1", "absent"), ("GET h /n x-a=", "404"),
                ("GET h /p X-A=", "present"), ("GET h /p", "404"), ("GET h /s X-A=xyz", "suffix"),
                ("GET h /s X-A=", "404"),
                ("GET h /c X-A=abc", "404"), ("GET h /f X-A=abc", "prefix"), ("GET h /f X-A=a", "404"),
            ]),
        Table(
            "patterns are brought into the form of paths",
            ["accent: { path: /caf\u{E9} }", "hex: { exact: /%7eme/a%2fb }", "space: { path: \"/a%20b\" }"],
            [
                ("GET h /caf%C3%A9/x", "accent"), ("GET h /~me/a%2Fb", "hex"), ("GET h /a%20b", "space"),
                ("GET h /caf", "404"),
            ]),
        Table(
            "a host is in a route once, however often it is listed", ["a: { host: [h, H, \"*\"], path: /a }"],
            [("GET h /a", "a"), ("GET i /a", "a"), ("GET i /b", "404")]),
    ]

    @Test func noRoutesAreNoRoute() {
        let answer = RequestText("GET h /").ask(Router([])).answer
        #expect(answer == .notFound)
    }
}
