/// The bytes with which an HTTP/2 client begins (RFC 9113 section 3.4), for listeners that speak both versions.
package enum HTTP2Preface: Hashable, Sendable {
    case yes, no, needMore

    package static let count = 24
    @inline(__always) private static var text: StaticString { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" }

    /// Compares the bytes that are there; one byte that differs decides.
    package static func check(_ bytes: UnsafeRawBufferPointer) -> HTTP2Preface {
        for index in 0..<min(bytes.count, count) where bytes[index] != text.utf8Start[index] { return .no }
        return bytes.count < count ? .needMore : .yes
    }
}

extension RequestHead {
    package static func isHTTP2Preface(_ prefix: UnsafeRawBufferPointer) -> HTTP2Preface {
        HTTP2Preface.check(prefix)
    }
}
