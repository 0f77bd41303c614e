import NIOHTTP2

/// Identifies a stream of one connection (RFC 9113 section 5.1.1): odd for those that the client opened.
package struct StreamID: Hashable, Comparable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static func < (left: StreamID, right: StreamID) -> Bool { left.rawValue < right.rawValue }
}

extension StreamID {
    var nio: HTTP2StreamID { HTTP2StreamID(rawValue) }
}
