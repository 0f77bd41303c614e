import HTTPWire
import Testing

@testable import Gateway

/// RFC 9111 by tables: freshness, storing, requests, validation, conditions, keys. Each row is a few exchanges in turn.
@Suite struct CacheCasesTests {
    @Test(arguments: freshnessCases) func freshness(_ row: CacheCase) { row.run() }
    @Test(arguments: targetedCases) func targeted(_ row: CacheCase) { row.run() }
    @Test(arguments: storageCases) func storage(_ row: CacheCase) { row.run() }
    @Test(arguments: requestCases) func requests(_ row: CacheCase) { row.run() }
    @Test(arguments: validationCases) func validation(_ row: CacheCase) { row.run() }
    @Test(arguments: conditionCases) func conditions(_ row: CacheCase) { row.run() }
    @Test(arguments: keyCases) func keys(_ row: CacheCase) { row.run() }

    @Test func bodyOfRange() {
        let simulation = CacheSimulation()
        _ = simulation.exchange(["GET /a"], origin: ["200", "Cache-Control: max-age=60"], body: "0123456789")
        #expect(simulation.exchange(["GET /a", "Range: bytes=2-4"], origin: nil).body == "234")
        #expect(simulation.exchange(["GET /a", "Range: bytes=-2"], origin: nil).body == "89")
        #expect(simulation.exchange(["HEAD /a"], origin: nil).body == "")
    }

    /// What belongs to one hop, to a proxy or to trailers is not stored, nor what the origin withholds by name.
    @Test(arguments: [
        "Connection: X-Hop", "X-Hop: 1", "Keep-Alive: 5", "Proxy-Authenticate: x", "Proxy-Authentication-Info: x",
        "Proxy-Authorization: x", "Trailer: x", "Age: 5", "X-Withheld: 1", "Set-Cookie: a=b", "Proxy-Connection: x",
        "Upgrade: x",
    ])
    func notStored(_ line: String) {
        let simulation = CacheSimulation()
        let fields = [
            "200", "Cache-Control: max-age=60, no-cache=\"x-withheld\", private=\"set-cookie\"", "Connection: X-Hop",
            "X: y",
        ]
        #expect(simulation.exchange(["GET /a"], origin: fields + [line]).text == "miss stored")
        let head = simulation.exchange(["GET /a"], origin: nil).head
        #expect(!head.contains("\r\n\(line.prefix { $0 != ":" }):") && head.contains("\r\nX: y\r\n"), "\(head)")
    }

    @Test func dateIsAddedOnce() {
        let simulation = CacheSimulation()
        _ = simulation.exchange(["GET /a"], origin: ["200", "", "Cache-Control: max-age=60"])
        let received = simulation.dated("date: {now}")
        simulation.seconds += 5
        let head = simulation.exchange(["GET /a"], origin: nil).head
        #expect(head.contains("\r\n\(received)\r\n") && head.contains("\r\nage: 5\r\n"), "\(head)")
    }

    /// Which failures a stored response stands in for (RFC 5861 section 4), seconds after it ended.
    @Test(
        arguments: [
            ("max-age=60, stale-if-error=30", 29, true, true), ("max-age=60, stale-if-error=30", 30, false, true),
            ("max-age=60", 1, false, true), ("max-age=60", -1, true, true), ("max-age=60, no-cache", -1, false, false),
            ("max-age=60, must-revalidate, stale-if-error=30", 1, false, false), ("s-maxage=60", 1, false, false),
            ("s-maxage=60, stale-if-error=30", 1, true, true), ("s-maxage=60, stale-if-error=30", 31, false, false),
            ("max-age=60, proxy-revalidate", 1, false, false), ("max-age=60, must-revalidate", -1, true, true),
        ] as [(String, Int64, Bool, Bool)])
    func fallback(_ control: String, _ past: Int64, _ ifError: Bool, _ any: Bool) {
        let simulation = CacheSimulation()
        _ = simulation.exchange(["GET /a"], origin: ["200", "Cache-Control: \(control)"])
        simulation.seconds += 60 + past
        #expect(simulation.fallback(["GET /a"], .ifError) == ifError)
        #expect(simulation.fallback(["GET /a"], .any) == any)
        #expect(!simulation.fallback(["GET /b"], .any))
    }

    @Test func fallbackByRequestAndSettings() {
        let simulation = CacheSimulation()
        _ = simulation.exchange(["GET /a"], origin: ["200", "Cache-Control: max-age=60"])
        simulation.seconds += 70
        #expect(simulation.fallback(["GET /a", "Cache-Control: stale-if-error=11"], .ifError))
        #expect(!simulation.fallback(["GET /a", "Cache-Control: stale-if-error=10"], .ifError))
        simulation.policy.staleIfError = .seconds(90)
        _ = simulation.exchange(["GET /b"], origin: ["200", "Cache-Control: max-age=60, stale-if-error=5"])
        simulation.seconds += 149
        #expect(simulation.fallback(["GET /b"], .ifError))
    }
}
