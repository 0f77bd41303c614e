/// Where a piece of a head lies, relative to the first byte of that head. It stays valid when the bytes move, and says
/// nothing once they are consumed. 8 bytes; a head is far below the 4 GiB that it can address.
package struct Slice: Hashable, Sendable {
    package var offset: UInt32
    package var count: UInt32

    package static let none = Slice(offset: 0, count: 0)

    package init(offset: UInt32, count: UInt32) {
        self.offset = offset
        self.count = count
    }

    /// Both positions are within a head: `0 <= start <= end <= UInt32.max`.
    @inline(__always)
    init(from start: Int, to end: Int) {
        offset = UInt32(truncatingIfNeeded: start)
        count = UInt32(truncatingIfNeeded: end &- start)
    }

    @inline(__always) package var start: Int { Int(offset) }
    @inline(__always) package var end: Int { Int(offset) &+ Int(count) }
    @inline(__always) package var isEmpty: Bool { count == 0 }

    /// The bytes of the piece; `base` is the head that it was read from.
    @inline(__always)
    package func bytes(in base: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: base[start..<end])
    }

    /// For logs and tests; the hot path has no strings.
    package func text(in base: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes(in: base), as: UTF8.self)
    }
}
