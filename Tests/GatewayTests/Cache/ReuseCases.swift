import Gateway

private let fresh = ["200", "Cache-Control: max-age=60", "ETag: \"1\""]
private let other = ["200", "Cache-Control: no-store"]

/// What clients ask for (RFC 9111 section 5.2.1), and staleness (section 4.2.4, RFC 5861).
let requestCases: [CacheCase] = [
    .reuse("no-cache", ["Cache-Control: max-age=60"], "replaced no-store", again: ["Cache-Control: no-cache"]),
    .reuse("Pragma: no-cache", ["Cache-Control: max-age=60"], "replaced no-store", again: ["Pragma: no-cache"]),
    .reuse(
        "Pragma beside Cache-Control", ["Cache-Control: max-age=60"], "hit",
        again: ["Pragma: no-cache", "Cache-Control: max-age=9"]),
    .reuse("no-store uses what is stored", ["Cache-Control: max-age=60"], "hit", again: ["Cache-Control: no-store"]),
    .reuse("max-age met", ["Cache-Control: max-age=60"], after: 9, "hit", again: ["Cache-Control: max-age=9"]),
    .reuse(
        "max-age not met", ["Cache-Control: max-age=60"], after: 10, "replaced no-store",
        again: ["Cache-Control: max-age=9"]),
    .reuse(
        "max-age=0 at once", ["Cache-Control: max-age=60"], after: 0, "replaced no-store",
        again: ["Cache-Control: max-age=0"]),
    .reuse(
        "max-age that is none", ["Cache-Control: max-age=60"], "replaced no-store",
        again: ["Cache-Control: max-age=x"]),
    .reuse("min-fresh met", ["Cache-Control: max-age=60"], after: 10, "hit", again: ["Cache-Control: min-fresh=50"]),
    .reuse(
        "min-fresh not met", ["Cache-Control: max-age=60"], after: 11, "replaced no-store",
        again: ["Cache-Control: min-fresh=50"]),
    .reuse("max-stale", ["Cache-Control: max-age=60"], after: 99, "hit", again: ["Cache-Control: max-stale"]),
    .reuse("max-stale met", ["Cache-Control: max-age=60"], after: 70, "hit", again: ["Cache-Control: max-stale=10"]),
    .reuse(
        "max-stale not met", ["Cache-Control: max-age=60"], after: 71, "replaced no-store",
        again: ["Cache-Control: max-stale=10"]),
    .reuse(
        "max-stale against must-revalidate", ["Cache-Control: max-age=60, must-revalidate"], after: 61,
        "replaced no-store", again: ["Cache-Control: max-stale"]),
    .reuse(
        "max-stale against proxy-revalidate", ["Cache-Control: max-age=60, proxy-revalidate"], after: 61,
        "replaced no-store", again: ["Cache-Control: max-stale"]),
    .reuse(
        "max-stale against s-maxage", ["Cache-Control: s-maxage=60, stale-if-error=9"], after: 61,
        "replaced no-store", again: ["Cache-Control: max-stale"]),
    CacheCase(
        "only-if-cached", .get(["GET /a", "Cache-Control: only-if-cached"], nil, "504"), .get(fresh, "miss stored"),
        .get(["GET /a", "Cache-Control: only-if-cached"], nil, "hit"),
        .get(after: 61, ["GET /a", "Cache-Control: only-if-cached"], nil, "504")),
    CacheCase(
        "stale-while-revalidate", .get(["200", "Cache-Control: max-age=60, stale-while-revalidate=30"], "miss stored"),
        .get(after: 89, nil, "stale", lines: ["age: 89", "cache-status: apus; hit; ttl=-29"]),
        .get(["GET /a", "Cache-Control: max-age=99"], other, "replaced no-store"),
        .get(after: 1, other, "replaced no-store")),
    .reuse("stale-while-revalidate of the settings", ["Cache-Control: max-age=60"], after: 89, "stale") {
        $0.policy.staleWhileRevalidate = .seconds(30)
    },
    .reuse("not with must-revalidate", ["Cache-Control: max-age=60, must-revalidate"], after: 89, "replaced no-store") {
        $0.policy.staleWhileRevalidate = .seconds(30)
    },
    .reuse("not of the settings with s-maxage", ["Cache-Control: s-maxage=60"], after: 89, "replaced no-store") {
        $0.policy.staleWhileRevalidate = .seconds(30)
    },
]

/// Validation (RFC 9111 section 4.3).
let validationCases: [CacheCase] = [
    CacheCase(
        "renewed by 304", .get(fresh, "miss stored"),
        .get(
            after: 61, ["304", "ETag: \"1\"", "X: new", "Cache-Control: max-age=90"], "renewed",
            lines: ["if-none-match: \"1\"", "X: new", "age: 0", "!X: old"]),
        .get(after: 89, nil, "hit", lines: ["age: 89", "X: new", "ETag: \"1\""])),
    CacheCase(
        "304 without validators", .get(fresh, "miss stored"), .get(after: 61, ["304"], "renewed"),
        .get(after: 59, nil, "hit")),
    CacheCase(
        "304 of another version", .get(fresh, "miss stored"), .get(after: 61, ["304", "ETag: \"2\""], "mismatched"),
        .get(other, "miss no-store")),
    CacheCase(
        "a weak tag of a strong one is another", .get(fresh, "miss stored"),
        .get(after: 61, ["304", "ETag: W/\"2\""], "mismatched")),
    CacheCase(
        "304 with no-store serves and removes", .get(fresh, "miss stored"),
        .get(after: 61, ["304", "Cache-Control: no-store"], "renewed not stored"), .get(other, "miss no-store")),
    CacheCase(
        "Last-Modified alone", .get(["200", "Cache-Control: max-age=60", "Last-Modified: {now-100}"], "miss stored"),
        .get(after: 61, ["304"], "renewed", lines: ["if-modified-since: {now-161}"])),
    CacheCase(
        "both validators",
        .get(["200", "Cache-Control: no-cache", "ETag: W/\"a\"", "Last-Modified: {now-100}"], "miss stored"),
        .get(after: 1, ["304"], "renewed", lines: ["if-none-match: W/\"a\"", "if-modified-since: {now-101}"])),
    CacheCase(
        "replaced by 200", .get(fresh, "miss stored"),
        .get(after: 61, ["200", "Cache-Control: max-age=60", "X: 2"], "replaced stored"),
        .get(nil, "hit", lines: ["X: 2"])),
    CacheCase(
        "no-store leaves what is stored", .get(fresh, "miss stored"),
        .get(["GET /a", "Cache-Control: no-cache"], other, "replaced no-store"), .get(nil, "hit")),
    CacheCase(
        "the body's own fields stay",
        .get(fresh + ["Content-Encoding: gzip", "Content-Type: a/b"], "miss stored"),
        .get(
            after: 61, ["304", "Content-Encoding: br", "Content-Type: a/c", "Content-Length: 9"], "renewed",
            lines: ["Content-Encoding: gzip", "Content-Type: a/c", "!Content-Length", "!content-length"])),
    CacheCase(
        "HEAD renews", .get(fresh, "miss stored"),
        .get(after: 61, ["HEAD /a"], ["200", "ETag: \"1\"", "X: new"], "replaced"),
        .get(nil, "hit", lines: ["X: new"])),
    CacheCase(
        "HEAD of another version", .get(fresh, "miss stored"),
        .get(after: 61, ["HEAD /a"], ["200", "ETag: \"2\""], "replaced"), .get(other, "miss no-store")),
    CacheCase(
        "HEAD of another length", .get(fresh, "miss stored"),
        .get(after: 61, ["HEAD /a"], ["200", "Content-Length: 5"], "replaced"), .get(other, "miss no-store")),
]

/// Conditions and ranges of clients (RFC 9110 sections 13 and 14). The body is `body`.
let conditionCases: [CacheCase] = [
    conditional("If-None-Match", ["If-None-Match: \"1\""], "HTTP/1.1 304"),
    conditional("weak of strong", ["If-None-Match: W/\"1\""], "HTTP/1.1 304"),
    conditional("in a list", ["If-None-Match: \"0\", \"1\""], "HTTP/1.1 304"),
    conditional("on several lines", ["If-None-Match: \"0\"", "If-None-Match: \"1\""], "HTTP/1.1 304"),
    conditional("comma in a tag", ["If-None-Match: \"0, 1\", \"x\""], "HTTP/1.1 200"),
    conditional("*", ["If-None-Match: *"], "HTTP/1.1 304"),
    conditional("another tag", ["If-None-Match: \"2\""], "HTTP/1.1 200"),
    conditional("the tag decides", ["If-None-Match: \"2\"", "If-Modified-Since: {now}"], "HTTP/1.1 200"),
    conditional("If-Modified-Since, same", ["If-Modified-Since: {now-101}"], "HTTP/1.1 304"),
    conditional("If-Modified-Since, later", ["If-Modified-Since: {now}"], "HTTP/1.1 304"),
    conditional("If-Modified-Since, earlier", ["If-Modified-Since: {now-102}"], "HTTP/1.1 200"),
    conditional("If-Modified-Since that is no date", ["If-Modified-Since: now"], "HTTP/1.1 200"),
    conditional("range", ["Range: bytes=1-2"], "HTTP/1.1 206", "content-range: bytes 1-2/4"),
    conditional("to the end", ["Range: bytes=1-"], "HTTP/1.1 206", "content-range: bytes 1-3/4"),
    conditional("beyond the end", ["Range: bytes=1-99"], "HTTP/1.1 206", "content-range: bytes 1-3/4"),
    conditional("suffix", ["Range: bytes=-1"], "HTTP/1.1 206", "content-range: bytes 3-3/4"),
    conditional("longer suffix", ["Range: bytes=-9"], "HTTP/1.1 206", "content-range: bytes 0-3/4"),
    conditional("several ranges", ["Range: bytes=0-0,2-2"], "HTTP/1.1 200"),
    conditional("backwards", ["Range: bytes=2-1"], "HTTP/1.1 200"),
    conditional("another unit", ["Range: lines=1-2"], "HTTP/1.1 200"),
    conditional("If-Range with the tag", ["Range: bytes=1-2", "If-Range: \"1\""], "HTTP/1.1 206"),
    conditional("If-Range with a weak tag", ["Range: bytes=1-2", "If-Range: W/\"1\""], "HTTP/1.1 200"),
    conditional("If-Range with another", ["Range: bytes=1-2", "If-Range: \"2\""], "HTTP/1.1 200"),
    conditional("If-Range with the date", ["Range: bytes=1-2", "If-Range: {now-101}"], "HTTP/1.1 206"),
    conditional("If-Range with another date", ["Range: bytes=1-2", "If-Range: {now}"], "HTTP/1.1 200"),
    conditional("condition before range", ["Range: bytes=1-2", "If-None-Match: \"1\""], "HTTP/1.1 304"),
    CacheCase(
        "unsatisfiable", .get(fresh, "miss stored"), .get(["GET /a", "Range: bytes=4-"], nil, "416"),
        .get(["GET /a", "Range: bytes=-0"], nil, "416")),
    CacheCase(
        "for the origin", .get(fresh, "miss stored"),
        .get(["GET /a", "If-Match: \"1\""], other, "bypass:bypass no-store"),
        .get(["GET /a", "If-Unmodified-Since: {now}"], other, "bypass:bypass no-store")),
    CacheCase(
        "304 says no more than it must",
        .get(
            ["200", "Cache-Control: max-age=60", "ETag: \"1\"", "Content-Type: a/b", "Vary: X", "X-Y: z"], "miss stored"
        ),
        .get(
            ["GET /a", "If-None-Match: \"1\""], nil, "hit",
            lines: ["ETag: \"1\"", "Cache-Control: max-age=60", "Vary: X", "Date: {now}", "!Content-Type"])),
    CacheCase(
        "no 304 of an error", .get(["404", "Cache-Control: max-age=60", "ETag: \"1\""], "miss stored"),
        .get(["GET /a", "If-None-Match: \"1\""], nil, "hit", lines: ["HTTP/1.1 404"])),
    CacheCase(
        "without Last-Modified, Date counts", .get(fresh, "miss stored"),
        .get(after: 5, ["GET /a", "If-Modified-Since: {now-5}"], nil, "hit", lines: ["HTTP/1.1 304"]),
        .get(["GET /a", "If-Modified-Since: {now-6}"], nil, "hit", lines: ["HTTP/1.1 200"])),
]

private func conditional(_ name: String, _ request: [String], _ lines: String...) -> CacheCase {
    let origin = ["200", "Cache-Control: max-age=60", "ETag: \"1\"", "Last-Modified: {now-100}"]
    return CacheCase(name, .get(origin, "miss stored"), .get(after: 1, ["GET /a"] + request, nil, "hit", lines: lines))
}

/// Keys, variants and invalidation (RFC 9111 sections 2, 4.1 and 4.4).
let keyCases: [CacheCase] = [
    keyed("path", "GET /a", "GET /b", "miss"), keyed("query", "GET /a?x=1", "GET /a?x=2", "miss"),
    keyed("same query", "GET /a?x=1", "GET /a?x=1", "hit"), keyed("empty query", "GET /a", "GET /a?", "miss"),
    keyed("host", ["GET /a"], ["GET /a", "Host: example.org"], "miss"),
    keyed("case of the host", ["GET /a"], ["GET /a", "Host: EXAMPLE.com"], "hit"),
    keyed("the scheme's port", ["GET /a"], ["GET /a", "Host: example.com:80"], "hit"),
    keyed("another port", ["GET /a"], ["GET /a", "Host: example.com:81"], "miss"),
    keyed("absolute form", ["GET /a"], ["GET http://example.com/a"], "hit"),
    keyed("query ignored", ["GET /a?x=1"], ["GET /a?x=2"], "hit") { $0.policy.ignoresQuery = true },
    vary("same", "Foo", ["Foo: 1"], ["Foo: 1"], "hit"), vary("other", "Foo", ["Foo: 1"], ["Foo: 2"], "vary-miss"),
    vary("left out", "Foo", ["Foo: 1"], [], "vary-miss"), vary("added", "Foo", [], ["Foo: 1"], "vary-miss"),
    vary("left out by both", "Foo", [], [], "hit"), vary("empty is not left out", "Foo", [], ["Foo:"], "vary-miss"),
    vary("case of the name", "foo", ["FOO: 1"], ["Foo: 1"], "hit"),
    vary("two names", "Foo, Bar", ["Foo: 1", "Bar: 2"], ["Bar: 2", "Foo: 1"], "hit"),
    vary("second differs", "Foo, Bar", ["Foo: 1", "Bar: 2"], ["Foo: 1", "Bar: 3"], "vary-miss"),
    vary("lines joined", "Foo", ["Foo: 1", "Foo: 2"], ["Foo: 1,2"], "hit"),
    vary("order of lines", "Foo", ["Foo: 1", "Foo: 2"], ["Foo: 2", "Foo: 1"], "vary-miss"),
    vary("a value that goes on", "Foo", ["Foo: 1"], ["Foo: 12"], "vary-miss"),
    vary("a value that ends before", "Foo", ["Foo: 12"], ["Foo: 1"], "vary-miss"),
    vary("blanks of languages", "Accept-Language", ["Accept-Language: en, DE"], ["Accept-Language: en ,de"], "hit"),
    vary("inner blanks stay", "Accept", ["Accept: a b"], ["Accept: ab"], "vary-miss"),
    vary("blanks of an unknown field", "Foo", ["Foo: 1 ,2,\t3"], ["Foo: 1,2, 3"], "hit"),
    vary("blanks of lines", "Foo", ["Foo: 1, 2"], ["Foo: 1", "Foo: 2"], "hit"),
    vary("blanks in quotes", "Foo", ["Foo: \"1, 2\""], ["Foo: \"1,2\""], "vary-miss"),
    vary("blanks in quotes with quotes", "Foo", ["Foo: \"1\\\", 2\""], ["Foo: \"1\\\",2\""], "vary-miss"),
    vary("blanks behind quotes", "Foo", ["Foo: \"1\" , 2"], ["Foo: \"1\",2"], "hit"),
    vary("quotes that end with the line", "Foo", ["Foo: \"1", "Foo: 2 , 3"], ["Foo: \"1", "Foo: 2,3"], "hit"),
    vary("inner blanks, as many", "Foo", ["Foo: 1  2"], ["Foo: 1 2"], "vary-miss"),
    vary("inner blanks, of the same kind", "Foo", ["Foo: 1\t2"], ["Foo: 1 2"], "vary-miss"),
    vary("case of an unknown field", "Foo", ["Foo: a"], ["Foo: A"], "vary-miss"),
    vary("blanks of a cookie", "Cookie", ["Cookie: a=1, b"], ["Cookie: a=1,b"], "vary-miss"),
    vary("empty members", ",,Foo,,", ["Foo: 1"], ["Foo: 1"], "hit"),
    unkeyed("X-HTTP-Method-Override"), unkeyed("x-original-url"), unkeyed("X-Host"), unkeyed("X-Forwarded-Scheme"),
    vary("unkeyed but named", "X-Host", ["X-Host: a"], ["X-Host: b"], "vary-miss"), noVariant("*"), noVariant("Foo, *"),
    noVariant("*, Foo"), noVariant("Foo;x"), noVariant("X-Forwarded-For"),
    CacheCase(
        "key headers", .get(["GET /a", "T: 1"], fresh, "miss stored"),
        .get(["GET /a", "T: 2"], fresh, "vary-miss stored"),
        .get(["GET /a", "T: 1"], nil, "hit"), .get(["GET /a", "T: 2"], nil, "hit")
    ) { $0.policy.keyHeaders = [Array("t".utf8)] },
    CacheCase(
        "variants side by side", .get(["GET /a", "Foo: 1"], fresh + ["Vary: Foo", "X: 1"], "miss stored"),
        .get(["GET /a", "Foo: 2"], fresh + ["Vary: Foo", "X: 2"], "vary-miss stored"),
        .get(["GET /a", "Foo: 1"], nil, "hit", lines: ["X: 1"]),
        .get(["GET /a", "Foo: 2"], nil, "hit", lines: ["X: 2"])),
    invalidated("POST", "POST /a", ["200"], "miss"), invalidated("PUT", "PUT /a", ["204"], "miss"),
    invalidated("DELETE", "DELETE /a", ["303"], "miss"), invalidated("unknown", "M-SEARCH /a", ["200"], "miss"),
    invalidated("failed", "POST /a", ["500"], "hit"), invalidated("refused", "POST /a", ["404"], "hit"),
    invalidated("safe", "OPTIONS /a", ["200"], "hit"), invalidated("elsewhere", "POST /b", ["200"], "hit"),
    invalidated("Location", "POST /b", ["201", "Location: /a"], "miss"),
    invalidated("whole Location", "POST /b", ["201", "Location: http://Example.com:80/a#x"], "miss"),
    invalidated("relative Location", "POST /b", ["201", "Location: a"], "miss"),
    invalidated("Content-Location", "POST /b", ["201", "Content-Location: //example.com/a"], "miss"),
    invalidated("another's Location", "POST /b", ["201", "Location: http://example.org/a"], "hit"),
    invalidated("another scheme's Location", "POST /b", ["201", "Location: https://example.com/a"], "hit"),
    invalidated("another query's", "POST /a?x=1", ["200"], "miss"),
]

private func keyed(_ name: String, _ first: String, _ second: String, _ outcome: String) -> CacheCase {
    keyed(name, [first], [second], outcome)
}

private func keyed(
    _ name: String, _ first: [String], _ second: [String], _ outcome: String,
    settings: @escaping @Sendable (CacheSimulation) -> Void = { _ in }
) -> CacheCase {
    let again: CacheCase.Step =
        outcome == "hit" ? .get(second, nil, "hit") : .get(second, other, "\(outcome) no-store")
    return CacheCase(name, .get(first, fresh, "miss stored"), again, settings: settings)
}

private func vary(
    _ name: String, _ names: String, _ first: [String], _ second: [String], _ outcome: String
) -> CacheCase {
    let again: CacheCase.Step =
        outcome == "hit"
        ? .get(["GET /a"] + second, nil, "hit") : .get(["GET /a"] + second, other, "\(outcome) no-store")
    return CacheCase("Vary, \(name)", .get(["GET /a"] + first, fresh + ["Vary: \(names)"], "miss stored"), again)
}

private func noVariant(_ names: String) -> CacheCase {
    CacheCase("Vary: \(names)", .get(fresh + ["Vary: \(names)"], "miss vary"), .get(other, "miss no-store"))
}

private func invalidated(_ name: String, _ unsafe: String, _ answer: [String], _ outcome: String) -> CacheCase {
    let again: CacheCase.Step = outcome == "hit" ? .get(nil, "hit") : .get(other, "miss no-store")
    return CacheCase(
        "invalidation, \(name)", .get(fresh, "miss stored"), .get([unsafe], answer, "bypass:method"), again)
}

private func unkeyed(_ name: String) -> CacheCase {
    CacheCase(
        "poison by \(name)", .get(["GET /a", "\(name): x"], fresh, "miss unkeyed-field"), .get(other, "miss no-store"))
}
