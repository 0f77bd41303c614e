import HTTPWire
import Testing

@Suite struct HTTP2PrefaceTests {
    private let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private func check(_ bytes: some Collection<UInt8>) -> HTTP2Preface {
        Array(bytes).withUnsafeBytes { RequestHead.isHTTP2Preface($0) }
    }

    @Test func needsAllOfIt() {
        for count in 0..<preface.count { #expect(check(preface[..<count]) == .needMore) }
        #expect(check(preface) == .yes)
        #expect(check(preface + [0, 0, 0, 4]) == .yes)
    }

    /// One other byte decides at once, wherever it is.
    @Test func isToldFromHTTP1() {
        for index in preface.indices {
            var other = preface
            other[index] ^= 0x20
            #expect(check(other[...index]) == .no)
        }
        #expect(check(Array("PUT / HTTP/1.1\r\n".utf8)) == .no)
    }
}
