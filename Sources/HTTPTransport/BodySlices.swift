import AsyncHTTPClient
import NIOCore

/// A request's body in slices, each copied when the connection takes it. The library's own way with an array is a second
/// one of the whole body for as long as the request lasts, which for parts of uploads is most of a process's memory.
struct BodySlices: AsyncSequence, Sendable {
    /// Larger than a socket's buffer, and small enough to be used again by malloc.
    static let bytes = 128 << 10

    private let body: [UInt8]

    /// Nil for no body. A short one is sent in one piece, with its head.
    static func body(_ bytes: [UInt8]) -> HTTPClientRequest.Body? {
        if bytes.isEmpty { return nil }
        guard bytes.count > BodySlices.bytes else { return .bytes(ByteBuffer(bytes: bytes)) }
        return .stream(BodySlices(body: bytes), length: .known(Int64(bytes.count)))
    }

    func makeAsyncIterator() -> Iterator { Iterator(body: body) }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate let body: [UInt8]
        private var position = 0

        fileprivate init(body: [UInt8]) {
            self.body = body
        }

        mutating func next() async -> ByteBuffer? {
            let end = Swift.min(position + BodySlices.bytes, body.count)
            guard position < end else { return nil }
            defer { position = end }
            return ByteBuffer(bytes: body[position..<end])
        }
    }
}
