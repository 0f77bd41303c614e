import HTTPWire
import Testing

/// Finding fields in a head, and reading heads one after the other into the same value.
@Suite struct HeadLookupTests {
    private let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX-Mine: 1\r\nVia: b\r\nvia: c\r\nx_mine: 2\r\n\r\n".utf8)

    private func parsed(_ bytes: [UInt8], into head: inout RequestHead) -> HeadProgress {
        var scanned = 0
        return bytes.withUnsafeBytes { head.parse($0, scanned: &scanned, limits: HeadLimits()) }
    }

    @Test func findsFields() {
        var head = RequestHead()
        #expect(parsed(bytes, into: &head) == .complete(count: bytes.count))
        bytes.withUnsafeBytes { raw in
            #expect(head.first(.via)?.value.text(in: raw) == "b")
            #expect(head.count(.via) == 2 && head.has(.via))
            #expect(head.first(.cookie) == nil && head.count(.cookie) == 0 && !head.has(.cookie))
            #expect(head.first(named: "x-mINE", in: raw)?.value.text(in: raw) == "1")
            let name = "X_MINE".lowercased()
            #expect(head.first(named: name, in: raw)?.value.text(in: raw) == "2")
            #expect(head.first(named: "x-min", in: raw) == nil)
            #expect(head.first(named: "x-min\u{5}", in: raw) == nil)
        }
    }

    @Test func takesAuthoritiesApart() {
        var head = RequestHead()
        let bytes = Array("GET https://[::1]:8443 HTTP/1.1\r\nHost: a:1\r\n\r\n".utf8)
        #expect(parsed(bytes, into: &head) == .complete(count: bytes.count))
        bytes.withUnsafeBytes { raw in
            #expect(head.host.text(in: raw) == "[::1]" && head.port == 8443)
            #expect(head.path.isEmpty && head.form == .absolute)
        }
    }

    /// Nothing of a head is left in the next.
    @Test func readsHeadsOneAfterTheOther() {
        var head = RequestHead()
        let rich = Array(
            ("POST http://b:1/c?d HTTP/1.1\r\nHost: a\r\nConnection: close, upgrade\r\nUpgrade: e\r\nTE: trailers\r\n"
                + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n").utf8)
        #expect(parsed(rich, into: &head) == .complete(count: rich.count))
        #expect(head.expectsContinue && head.acceptsTrailers && !head.upgrade.isEmpty && head.port == 1)
        let plain = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(parsed(plain, into: &head) == .complete(count: plain.count))
        #expect(!head.expectsContinue && !head.acceptsTrailers && head.upgrade.isEmpty && head.port == nil)
        #expect(head.framing == .none && head.isPersistent && !head.hasQuery && head.query.isEmpty)
        #expect(head.scheme.isEmpty && head.form == .origin && head.fields.count == 1 && !head.has(.te))
        #expect(head.length == plain.count)
    }

    /// One value serves connections in turn: a head that waits for more bytes leaves nothing that it needs in it.
    @Test func waitsWithoutState() {
        var head = RequestHead()
        var scanned = 0
        let half = bytes.count / 2
        let first = bytes[..<half].withUnsafeBytes { head.parse($0, scanned: &scanned, limits: HeadLimits()) }
        #expect(first == .incomplete && scanned > 0 && scanned <= half)
        _ = parsed(Array("GET /other HTTP/1.0\r\n\r\n".utf8), into: &head)
        let rest = bytes.withUnsafeBytes { head.parse($0, scanned: &scanned, limits: HeadLimits()) }
        #expect(rest == .complete(count: bytes.count) && scanned == 0)
        #expect(head.fields.count == 5 && head.count(.via) == 2)
    }
}
