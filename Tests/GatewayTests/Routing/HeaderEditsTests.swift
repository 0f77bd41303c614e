import Gateway
import HTTPWire
import Settings
import Testing

@Suite struct HeaderEditsTests {
    /// Calls `body` with values whose texts live as long as the call.
    static func withValues<Result>(
        path: String = "/orders/7", captures pattern: String? = nil, _ body: (PlaceholderValues) throws -> Result
    ) throws -> Result {
        let texts = [
            "192.0.2.7", "www.example.com:8080", "GET", path, "a=1", "r-1", "orders", "https", "app", "10.0.0.9:80",
        ]
        .map { Array($0.utf8) }
        let all = texts.flatMap { $0 }
        return try all.withUnsafeBytes { bytes in
            var values = PlaceholderValues()
            var start = 0
            let places: [WritableKeyPath<PlaceholderValues, UnsafeRawBufferPointer>] = [
                \.clientAddress, \.host, \.method, \.path, \.query, \.requestID, \.route, \.scheme, \.upstream,
                \.upstreamHost,
            ]
            for (place, text) in zip(places, texts) {
                values[keyPath: place] = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + text.count)])
                start += text.count
            }
            if let pattern {
                let router = Router([RouteMatch(hosts: [], path: try PathPattern(.template, pattern))])
                let request = Router.Request(
                    host: values.host, path: values.path, method: .get, methodText: values.method, head: bytes)
                #expect(router.route(request, fields: [], captures: &values.captures) == .route(0))
            }
            return try body(values)
        }
    }

    static func text(_ write: (WireBuffer) -> Void) -> String {
        let buffer = WireBuffer(capacity: 256)
        write(buffer)
        return String(decoding: buffer.readable, as: UTF8.self)
    }

    @Test(
        "fills in",
        arguments: [
            ("plain", "plain"), ("{client.address}", "192.0.2.7"),
            ("for={client.address};by={upstream.host}", "for=192.0.2.7;by=10.0.0.9:80"),
            ("{{x}}", "{x}"), ("{{{host}}}", "{www.example.com:8080}"),
            ("{method} {path}?{query}", "GET /orders/7?a=1"),
            ("{request.id}/{route}/{scheme}/{upstream}", "r-1/orders/https/app"), ("{path.id}", "7"), ("{id}", "7"),
            ("", ""),
        ])
    func templates(_ text: String, _ expected: String) throws {
        let template = try TextTemplate(text, captures: ["id"])
        try HeaderEditsTests.withValues(captures: "/orders/{id}") { values in
            #expect(HeaderEditsTests.text { template.append(to: $0, values) } == expected)
        }
    }

    @Test("refuses", arguments: ["{", "{host", "{hosts}", "{}", "{path.}", "{path.x}", "{ host}"])
    func badTemplates(_ text: String) {
        #expect(throws: TextTemplate.Problem.self) { try TextTemplate(text, captures: ["id"]) }
    }

    @Test func aValueThatIsNotThereIsNothing() throws {
        let template = try TextTemplate("[{client.address}{path.id}]", captures: ["id"])
        #expect(HeaderEditsTests.text { template.append(to: $0, PlaceholderValues()) } == "[]")
    }

    @Test func setReplacesAddKeepsRemoveDrops() throws {
        var settings = HeaderEditSettings()
        settings.remove = ["X-Internal"]
        settings.set = ["X-Client": "{client.address}"]
        settings.add = ["Via-Test": ["a", "{host}"]]
        let edits = try HeaderEdits(settings)
        let dropped = ["X-Internal", "x-internal", "X-CLIENT", "Via-Test", "X-Clienz", "Accept", ""].filter { name in
            Array(name.utf8).withUnsafeBytes { edits.drops($0) }
        }
        #expect(dropped == ["X-Internal", "x-internal", "X-CLIENT"])
        try HeaderEditsTests.withValues { values in
            #expect(
                HeaderEditsTests.text { edits.append(to: $0, values) }
                    == "x-client: 192.0.2.7\r\nvia-test: a\r\nvia-test: www.example.com:8080\r\n")
        }
        #expect(!edits.isEmpty && HeaderEdits().isEmpty)
    }

    @Test("names of 63 bytes and more are told apart, too")
    func longNames() throws {
        var settings = HeaderEditSettings()
        settings.remove = [String(repeating: "a", count: 80)]
        let edits = try HeaderEdits(settings)
        for (length, expected) in [(63, false), (79, false), (80, true), (81, false)] {
            let name = [UInt8](repeating: UInt8(ascii: "A"), count: length)
            #expect(name.withUnsafeBytes { edits.drops($0) } == expected)
        }
    }
}
