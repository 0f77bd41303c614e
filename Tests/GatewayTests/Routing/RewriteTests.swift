import Gateway
import Settings
import Testing

@Suite struct RewriteTests {
    @Test(
        "replaces the prefix",
        arguments: [
            ("/api", "/", "/api", "/"), ("/api", "/", "/api/", "/"), ("/api", "/", "/api/x", "/x"),
            ("/api", "/v2", "/api", "/v2"), ("/api", "/v2/", "/api/x", "/v2/x"), ("/api/", "/v2", "/api/x/", "/v2/x/"),
            ("/", "/v2", "/x", "/v2/x"), ("/", "/v2", "/", "/v2/"), ("/", "/", "/x", "/x"),
            ("/a", "/b\u{E9}", "/a", "/b%C3%A9"),
        ])
    func prefixes(_ pattern: String, _ replacement: String, _ path: String, _ expected: String) throws {
        var settings = RewriteSettings()
        settings.prefix = replacement
        let rewrite = try Rewrite(settings, of: try PathPattern(.prefix, pattern))
        #expect(rewrite.changesPath && !rewrite.changesHost)
        try HeaderEditsTests.withValues(path: path) { values in
            #expect(HeaderEditsTests.text { rewrite.appendPath(to: $0, values) } == expected)
        }
    }

    @Test(
        "writes the whole path",
        arguments: [
            ("/o/{id}", "/orders/7", "/o/7"), ("/v2{path}", "/orders/7", "/v2/orders/7"),
            ("/o/{path.id}/a b", "/orders/a%20b", "/o/a%20b/a%20b"), ("/fixed", "/orders/7", "/fixed"),
        ])
    func wholePaths(_ text: String, _ path: String, _ expected: String) throws {
        var settings = RewriteSettings()
        settings.path = text
        settings.host = "{upstream.host}"
        let rewrite = try Rewrite(settings, of: try PathPattern(.template, "/orders/{id}"))
        try HeaderEditsTests.withValues(path: path, captures: "/orders/{id}") { values in
            #expect(HeaderEditsTests.text { rewrite.appendPath(to: $0, values) } == expected)
            #expect(HeaderEditsTests.text { rewrite.appendHost(to: $0, values) } == "10.0.0.9:80")
        }
    }

    @Test func nothingStaysAsItIs() throws {
        try HeaderEditsTests.withValues { values in
            #expect(HeaderEditsTests.text { Rewrite().appendPath(to: $0, values) } == "/orders/7")
        }
    }

    @Test(
        "redirects",
        arguments: [
            ("{ scheme: http }", "http://www.example.com/orders/7?a=1"),
            ("{ host: new.example.com }", "https://new.example.com/orders/7?a=1"),
            ("{ host: \"{host}\", path: /x, stripQuery: true }", "https://www.example.com:8080/x"),
            ("{ scheme: https, port: 8443 }", "https://www.example.com:8443/orders/7?a=1"),
            ("{ prefix: /o }", "https://www.example.com:8080/o/7?a=1"),
            ("{ status: 302, path: / }", "https://www.example.com:8080/?a=1"),
        ])
    func redirects(_ text: String, _ expected: String) throws {
        let settings = try GatewayFile.settings(GatewayFile.route("{ match: { path: /orders }, redirect: \(text) }"))
        let redirect = try #require(settings.routes.first?.redirect)
        let redirection = try Redirection(redirect, of: settings.routes[0].match.pattern)
        #expect(redirection.status == redirect.status)
        try HeaderEditsTests.withValues { values in
            #expect(HeaderEditsTests.text { redirection.appendLocation(to: $0, values, hasQuery: true) } == expected)
        }
    }
}
