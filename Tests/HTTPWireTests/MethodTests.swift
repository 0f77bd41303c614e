import HTTPWire
import Testing

@Suite struct MethodTests {
    @Test(arguments: [
        ("GET", Method.get, true, true), ("HEAD", .head, true, true), ("POST", .post, false, false),
        ("PUT", .put, false, true), ("DELETE", .delete, false, true), ("TRACE", .trace, true, true),
        ("PATCH", .patch, false, false), ("OPTIONS", .options, true, true), ("get", .other, false, false),
        ("GETS", .other, false, false), ("OPTION", .other, false, false), ("QUERY", .other, false, false),
    ])
    func isKnown(text: String, method: Method, isSafe: Bool, isIdempotent: Bool) {
        var head = RequestHead()
        var scanned = 0
        let bytes = Array("\(text) / HTTP/1.0\r\n\r\n".utf8)
        _ = bytes.withUnsafeBytes { head.parse($0, scanned: &scanned, limits: HeadLimits()) }
        #expect(head.method == method)
        #expect(head.method.isSafe == isSafe && head.method.isIdempotent == isIdempotent)
    }
}
