import Gateway

/// When a response is stored, and how long it is used (RFC 9111 sections 3 and 4.2). Again after one second, unless
/// said.
let freshnessCases: [CacheCase] = [
    .reuse("max-age", ["Cache-Control: max-age=60"], "hit"),
    .reuse("max-age in any case", ["Cache-Control: MaX-aGe=60"], "hit"),
    .reuse("max-age with leading zeros", ["Cache-Control: max-age=0060"], "hit"),
    .reuse("max-age at its end", ["Cache-Control: max-age=60"], after: 60, "replaced no-store"),
    .reuse("max-age above what 32 bits hold", ["Cache-Control: max-age=99999999999999999999"], after: 86_400, "hit"),
    .reuse("max-age=0", ["Cache-Control: max-age=0"], "replaced no-store"),
    .reuse("quoted", ["Cache-Control: max-age=\"60\""], "hit"),
    .reuse("in single quotes", ["Cache-Control: max-age='60'"], "replaced no-store"),
    .reuse("negative", ["Cache-Control: max-age=-60"], "replaced no-store"),
    .reuse("decimal", ["Cache-Control: max-age=60.5"], "replaced no-store"),
    .reuse("with a unit", ["Cache-Control: max-age=60s"], "replaced no-store"),
    .reuse("space before =", ["Cache-Control: max-age =60"], "replaced no-store"),
    .reuse("space after =", ["Cache-Control: max-age= 60"], "replaced no-store"),
    .reuse("nothing after =", ["Cache-Control: max-age="], "replaced no-store"),
    .reuse("no argument", ["Cache-Control: max-age"], "replaced no-store"),
    .reuse("garbled, with Expires", ["Cache-Control: max-age=a60", "Expires: {now+60}"], "replaced no-store"),
    .reuse("two values on one line", ["Cache-Control: max-age=60, max-age=1"], "replaced no-store"),
    .reuse("two values on two lines", ["Cache-Control: max-age=60", "Cache-Control: max-age=1"], "replaced no-store"),
    .reuse("one value twice", ["Cache-Control: max-age=60", "Cache-Control: max-age=60"], "hit"),
    .reuse("in another's quotes", ["Cache-Control: x=\"max-age=60\", max-age=1"], "replaced no-store"),
    .reuse("behind another's quotes", ["Cache-Control: max-age=1, x=\"a, max-age=60\""], "replaced no-store"),
    .reuse("quotes that do not end", ["Cache-Control: x=\"a, max-age=60"], first: "miss no-freshness", "miss no-store"),
    .reuse("unknown directives", ["Cache-Control: x, y=1, max-age=60,,z"], "hit"),
    .reuse("max-age goes before Expires", ["Cache-Control: max-age=60", "Expires: {now-60}"], "hit"),
    .reuse("s-maxage goes before max-age", ["Cache-Control: max-age=1, s-maxage=60"], after: 30, "hit"),
    .reuse("s-maxage ends first", ["Cache-Control: max-age=60, s-maxage=1"], after: 2, "replaced no-store"),
    .reuse("garbled s-maxage", ["Cache-Control: max-age=60, s-maxage=x"], "replaced no-store"),

    .reuse("Expires", ["Expires: {now+60}"], "hit"),
    .reuse("Expires in the past", ["Expires: {now-60}"], "replaced no-store"),
    .reuse("Expires: 0", ["Expires: 0"], "replaced no-store"),
    .reuse("Expires twice", ["Expires: {now+60}", "Expires: {now+60}"], "replaced no-store"),
    .reuse("Expires against a slow Date", ["Date: {now-3600}", "Expires: {now+60}"], after: 1, "hit"),
    .reuse("Expires before a fast Date", ["Date: {now+3600}", "Expires: {now+60}"], "replaced no-store"),
    .reuse("Expires without Date", ["", "Expires: {now+60}"], "hit"),
    .reuse("Expires, obsolete form", ["Expires: Thursday, 18-Nov-27 02:01:18 GMT"], "hit"),
    .reuse("Expires, asctime", ["Expires: Thu Nov 18 02:01:18 2027"], "hit"),
    .reuse("Expires, case", ["Expires: THU, 18 nOV 2027 02:01:18 gmt"], "hit"),
    .reuse("Expires, UTC", ["Expires: Thu, 18 Nov 2027 02:01:18 UTC"], "replaced no-store"),
    .reuse("Expires, +0000", ["Expires: Thu, 18 Nov 2027 02:01:18 +0000"], "replaced no-store"),
    .reuse("Expires, hyphens", ["Expires: Thu, 18-Nov-2027 02:01:18 GMT"], "replaced no-store"),
    .reuse("Expires, short year", ["Expires: Thu, 18 Nov 27 02:01:18 GMT"], "replaced no-store"),
    .reuse("Expires, one-digit hour", ["Expires: Thu, 18 Nov 2027 2:01:18 GMT"], "replaced no-store"),
    .reuse("Expires, no comma", ["Expires: Thu 18 Nov 2027 02:01:18 GMT"], "replaced no-store"),
    .reuse("Expires, two spaces", ["Expires: Thu, 18  Nov 2027 02:01:18 GMT"], "replaced no-store"),
    .reuse("Expires, dots in the time", ["Expires: Thu, 18 Nov 2027 02.01.18 GMT"], "replaced no-store"),

    .reuse("Age counts", ["Cache-Control: max-age=60", "Age: 59"], after: 2, "replaced no-store"),
    .reuse("Age above the lifetime", ["Cache-Control: max-age=60", "Age: 7200"], "replaced no-store"),
    .reuse("Age beyond numbers", ["Cache-Control: max-age=60", "Age: 99999999999999999999"], "replaced no-store"),
    .reuse("Age list, first counts", ["Cache-Control: max-age=60", "Age: 0, 7200"], "hit"),
    .reuse("Age list, first is old", ["Cache-Control: max-age=60", "Age: 7200", "Age: 0"], "replaced no-store"),
    .reuse("Age that is none", ["Cache-Control: max-age=60", "Age: old"], "hit"),
    .reuse("negative Age", ["Cache-Control: max-age=60", "Age: -7200"], "hit"),
    .reuse("old Date", ["Cache-Control: max-age=60", "Date: {now-120}"], "replaced no-store"),
    .reuse("Date ahead of us", ["Cache-Control: max-age=60", "Date: {now+3600}"], "hit"),
    .reuse("slow origin", ["Cache-Control: max-age=60"], "replaced no-store") { $0.delay = .seconds(60) },

    .reuse("nothing said", [], first: "miss no-freshness", "miss no-store"),
    .reuse("only a validator", ["ETag: \"1\""], "replaced no-store"),
    .reuse("default lifetime", [], "hit") { $0.policy.defaultTTL = .seconds(60) },
    .reuse("default lifetime, no cacheable status", [], status: 403, first: "miss no-freshness", "miss no-store") {
        $0.policy.defaultTTL = .seconds(60)
    },
    .reuse("default lifetime goes behind max-age", ["Cache-Control: max-age=1"], after: 2, "replaced no-store") {
        $0.policy.defaultTTL = .seconds(60)
    },
    .reuse("heuristic", ["Last-Modified: {now-1000}"], after: 99, "hit") { $0.policy.isHeuristic = true },
    .reuse("heuristic, at its end", ["Last-Modified: {now-1000}"], after: 100, "replaced no-store") {
        $0.policy.isHeuristic = true
    },
    .reuse("heuristic, a day at most", ["Last-Modified: {now-99999999}"], after: 86_400, "replaced no-store") {
        $0.policy.isHeuristic = true
    },
    .reuse(
        "heuristic, status not for it", ["Last-Modified: {now-1000}"], status: 201, first: "miss no-freshness",
        "miss no-store"
    ) { $0.policy.isHeuristic = true },
    .reuse("heuristic by public", ["Last-Modified: {now-1000}", "Cache-Control: public"], status: 299, "hit") {
        $0.policy.isHeuristic = true
    },
]

/// Which responses are stored at all (RFC 9111 section 3).
let storageCases: [CacheCase] =
    [
        .reuse("no-store", ["Cache-Control: max-age=60, no-store"], first: "miss no-store", "miss no-store"),
        .reuse(
            "no-store in any case", ["Cache-Control: max-age=60, No-StOrE"], first: "miss no-store", "miss no-store"),
        .reuse(
            "no-store with an argument", ["Cache-Control: max-age=60, no-store=x"], first: "miss no-store",
            "miss no-store"),
        .reuse("private", ["Cache-Control: max-age=60, private"], first: "miss private", "miss no-store"),
        .reuse("private, token form", ["Cache-Control: max-age=60, private=x"], first: "miss private", "miss no-store"),
        .reuse("no-cache", ["Cache-Control: max-age=60, no-cache"], "replaced no-store"),
        .reuse("must-understand of what we do", ["Cache-Control: max-age=60, no-store, must-understand"], "hit"),
        .reuse(
            "must-understand of what we do not", ["Cache-Control: max-age=60, must-understand"], status: 599,
            first: "miss status", "miss no-store"),
        .reuse("private with names in quotes", ["Cache-Control: max-age=60, private=\"x\""], "hit"),
        .reuse("immutable", ["Cache-Control: max-age=60, immutable"], after: 61, "replaced no-store"),
        .reuse("Pragma in a response means nothing", ["Cache-Control: max-age=60", "Pragma: no-cache"], "hit"),
        .reuse(
            "Authorization", ["Cache-Control: max-age=60"], first: "miss authorization", "miss no-store",
            request: ["Authorization: x"]),
        .reuse("Authorization, public", ["Cache-Control: max-age=60, public"], "hit", request: ["Authorization: x"]),
        .reuse("Authorization, s-maxage", ["Cache-Control: s-maxage=60"], "hit", request: ["Authorization: x"]),
        .reuse(
            "Authorization, must-revalidate", ["Cache-Control: max-age=60, must-revalidate"], "hit",
            request: ["Authorization: x"]),
        .reuse("a stored one for who is authorized", ["Cache-Control: max-age=60"], "hit", again: ["Authorization: x"]),
        .reuse(
            "Set-Cookie", ["Cache-Control: max-age=60", "Set-Cookie: a=b"], first: "miss set-cookie", "miss no-store"),
        .reuse("Set-Cookie, public", ["Cache-Control: max-age=60, public", "Set-Cookie: a=b"], "hit"),
        .reuse(
            "Set-Cookie withheld", ["Cache-Control: max-age=60, no-cache=\"Set-Cookie\"", "Set-Cookie: a=b"], "hit"),
        .reuse(
            "no-store of the client", ["Cache-Control: max-age=60"], first: "miss request-no-store", "miss no-store",
            request: ["Cache-Control: no-store"]),
        .reuse(
            "206", ["Cache-Control: max-age=60", "Content-Range: bytes 0-3/9"], status: 206, first: "miss status",
            "miss no-store", request: ["Range: bytes=0-3"]),
        .reuse(
            "304 to a condition of the client", ["Cache-Control: max-age=60"], status: 304, first: "miss status",
            "miss no-store", request: ["If-None-Match: \"x\""]),
        .reuse(
            "longer than it may be", ["Cache-Control: max-age=60", "Content-Length: 4"], first: "miss too-large",
            "miss no-store"
        ) { $0.policy.maxObjectBytes = 3 },
        .reuse(
            "turns out longer than it may be", ["Cache-Control: max-age=60"], first: "miss incomplete", "miss no-store"
        ) {
            $0.policy.maxObjectBytes = 3
        },
        .reuse(
            "shorter than it says", ["Cache-Control: max-age=60", "Content-Length: 9"], first: "miss incomplete",
            "miss no-store"),
        CacheCase(
            "a GET with a body is bypassed",
            .get(["GET /a"], ["200", "Cache-Control: max-age=60"], "miss stored"),
            .get(["GET /a", "Content-Length: 4"], ["200"], "bypass:bypass no-freshness")),
        CacheCase(
            "POST is never stored", .get(["POST /a"], ["200", "Cache-Control: max-age=60"], "bypass:method"),
            .get(["POST /a"], ["200", "Cache-Control: max-age=60"], "bypass:method"),
            .get(["GET /a"], ["200", "Cache-Control: no-store"], "miss no-store")),
        CacheCase(
            "HEAD is answered by GET", .get(["GET /a"], ["200", "Cache-Control: max-age=60"], "miss stored"),
            .get(["HEAD /a"], nil, "hit", lines: ["HTTP/1.1 200"])),
    ]
    + [200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 414, 499, 500, 502, 503, 504, 599].map {
        .reuse("status \($0) with max-age", ["Cache-Control: max-age=60"], status: $0, "hit")
    }

/// Fields that are targeted at caches like this one (RFC 9213).
let targetedCases: [CacheCase] = [
    targeted("alone", ["CDN-Cache-Control: max-age=60"], "hit"),
    targeted("longer than the others", ["CDN-Cache-Control: max-age=60", "Cache-Control: max-age=0"], "hit"),
    targeted("above no-store", ["CDN-Cache-Control: max-age=60", "Cache-Control: no-store, private"], "hit"),
    targeted("above Expires", ["CDN-Cache-Control: max-age=60", "Expires: 0"], "hit"),
    targeted(
        "shorter than the others", ["CDN-Cache-Control: max-age=0", "Cache-Control: max-age=60"], "replaced no-store"),
    targeted("over", ["CDN-Cache-Control: max-age=60", "Cache-Control: max-age=600"], after: 60, "replaced no-store"),
    targeted(
        "Expires is not asked", ["CDN-Cache-Control: must-revalidate", "Expires: {now+60}"],
        first: "miss no-freshness", "miss no-store"),
    targeted("no-store", ["CDN-Cache-Control: no-store", "Cache-Control: max-age=60"], first: "miss no-store"),
    targeted("private", ["CDN-Cache-Control: private", "Cache-Control: max-age=60"], first: "miss private"),
    targeted("no-cache", ["CDN-Cache-Control: no-cache, max-age=60"], "replaced no-store"),
    targeted("what is not so", ["CDN-Cache-Control: no-store=?0, max-age=60"], "hit"),
    targeted("parameters are nothing", ["CDN-Cache-Control: max-age=60;a;b=\"c\", x;y=1"], "hit"),
    targeted("two lines", ["CDN-Cache-Control: x", "CDN-Cache-Control: max-age=60"], "hit"),
    targeted("only unknown ones", ["CDN-Cache-Control: x", "Cache-Control: max-age=60"], first: "miss no-freshness"),
    targeted("fields withheld", ["CDN-Cache-Control: max-age=60, private=\"set-cookie\"", "Set-Cookie: a=b"], "hit"),
    targeted("number as a string", ["CDN-Cache-Control: max-age=\"60\""], "replaced no-store"),
    targeted("number with parts", ["CDN-Cache-Control: max-age=60.5"], "replaced no-store"),
    targeted("number below 0", ["CDN-Cache-Control: max-age=-60"], "replaced no-store"),
    targeted("empty", ["CDN-Cache-Control:", "Cache-Control: max-age=60"], "hit"),
    targeted("garbled, others fresh", ["CDN-Cache-Control: no-store, &", "Cache-Control: max-age=60"], "hit"),
    targeted(
        "garbled, others not", ["CDN-Cache-Control: max-age=60, &", "Cache-Control: no-store"], first: "miss no-store"),
    targeted("capitals are no key", ["CDN-Cache-Control: Max-Age=60"], first: "miss no-freshness"),
    targeted("not asked for", ["CDN-Cache-Control: max-age=60"], first: "miss no-freshness") {
        $0.policy.targetedFields = []
    },
    targeted("the first of two", ["CDN-Cache-Control: max-age=0", "X-Cache-Control: max-age=60"], "hit") {
        $0.policy.targetedFields = [Array("x-cache-control".utf8)] + $0.policy.targetedFields
    },
    CacheCase(
        "targeted, in a 304",
        .get(["GET /a"], ["200", "CDN-Cache-Control: max-age=1", "ETag: \"1\""], "miss stored"),
        .get(after: 2, ["GET /a"], ["304", "CDN-Cache-Control: max-age=60", "ETag: \"1\""], "renewed"),
        .get(after: 30, ["GET /a"], nil, "hit")),
]

private func targeted(
    _ name: String, _ fields: [String], after: Int64 = 1, first: String = "miss stored",
    _ second: String = "miss no-store",
    settings: @escaping @Sendable (CacheSimulation) -> Void = { _ in }
) -> CacheCase {
    .reuse("targeted, \(name)", fields, after: after, first: first, second, settings: settings)
}
