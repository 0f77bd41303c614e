import HTTPWire
import NIOCore
import NIOHPACK

@testable import HTTP2Wire

/// A client that sends any frame, right or wrong, to a server session which answers every whole request with 200 and
/// `hello`.
final class RawClient {
    static let request = [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "app.example")]

    let session: HTTP2ServerSession
    let owner = ServerOwner()
    private let output = WireBuffer(capacity: 1024)
    private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
    private var rest: [StreamID: ArraySlice<UInt8>] = [:]
    private(set) var all: [Frame] = []

    struct Frame {
        var type: UInt8
        var flags: UInt8
        var stream: Int32
        var payload: [UInt8]

        /// Of RST_STREAM and GOAWAY.
        var code: UInt32? {
            switch type {
            case 3: number(0)
            case 7: number(4)
            default: nil
            }
        }

        func number(_ offset: Int) -> UInt32 { payload[offset..<(offset + 4)].reduce(0) { $0 << 8 | UInt32($1) } }
    }

    init(limits: HTTP2Limits = HTTP2Limits()) {
        session = HTTP2ServerSession(output: output, limits: limits)
        session.delegate = owner
        owner.session = session
        owner.onOpened = { [unowned self] in continueBody($0) }
    }

    /// Sends frames, then lets the server answer what is whole.
    func send(_ frames: RawFrame...) { send(frames) }

    func send(_ frames: [RawFrame]) {
        for frame in frames {
            frame.bytes.withUnsafeBytes { session.receive($0) }
            answer()
        }
    }

    private func answer() {
        for (stream, heard) in owner.streams where heard.isEnded && heard.reset == nil && rest[stream] == nil {
            Array("HTTP/1.1 200 OK\r\n\r\n".utf8).withUnsafeBytes {
                session.respond(stream, head: $0, endsStream: false)
            }
            rest[stream] = Array((heard.head.hasPrefix("HEAD") ? "" : "hello").utf8)[...]
            continueBody(stream)
        }
    }

    private func continueBody(_ stream: StreamID) {
        guard let bytes = rest[stream] else { return }
        guard !bytes.isEmpty else { return session.finish(stream) }
        let sent = bytes.withUnsafeBytes { session.send(stream, $0, endsStream: true) }
        rest[stream] = bytes.dropFirst(sent)
    }

    /// The frames that came since the last call.
    func frames() -> [Frame] {
        var bytes = Array(output.readable)[...]
        output.clear()
        var frames: [Frame] = []
        while bytes.count >= 9 {
            let head = Array(bytes.prefix(9))
            let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            let stream = head[5...8].reduce(Int32(0)) { $0 << 8 | Int32($1) }
            frames.append(
                Frame(type: head[3], flags: head[4], stream: stream, payload: Array(bytes.dropFirst(9).prefix(length))))
            bytes = bytes.dropFirst(9 + length)
        }
        all += frames
        return frames
    }

    /// The fields of a HEADERS frame, `name: value` each.
    func decode(_ frame: Frame) throws -> [String] {
        var buffer = ByteBuffer(bytes: frame.payload)
        return try decoder.decodeHeaders(from: &buffer).map { "\($0.name): \($0.value)" }
    }
}

/// Bytes of a frame, well-formed or not.
struct RawFrame: Sendable {
    var bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    static func raw(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8] = [], length: Int? = nil)
        -> RawFrame
    {
        let length = length ?? payload.count
        let head: [UInt8] = [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
        return RawFrame(bytes: head + big(stream) + payload)
    }

    static let preface = RawFrame(bytes: Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))

    static func settings(_ values: [(UInt16, UInt32)]) -> RawFrame {
        raw(4, 0, 0, values.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 255)] + big($0.1) })
    }

    static let settingsAcknowledgement = raw(4, 1, 0)

    static func headers(
        _ stream: UInt32, _ fields: [(String, String)] = RawClient.request, end: Bool = true, endHeaders: Bool = true
    ) -> RawFrame {
        raw(1, (end ? 1 : 0) | (endHeaders ? 4 : 0), stream, block(fields))
    }

    static func data(_ stream: UInt32, _ text: String = "test", end: Bool = true) -> RawFrame {
        raw(0, end ? 1 : 0, stream, Array(text.utf8))
    }

    static func priority(_ stream: UInt32, on dependency: UInt32 = 0, weight: UInt8 = 16) -> RawFrame {
        raw(2, 0, stream, big(dependency) + [weight])
    }

    static func reset(_ stream: UInt32, _ code: UInt32 = 8) -> RawFrame { raw(3, 0, stream, big(code)) }
    static func ping(_ flags: UInt8 = 0) -> RawFrame { raw(6, flags, 0, Array("h2 ping!".utf8)) }
    static func goAway(_ code: UInt32 = 0) -> RawFrame { raw(7, 0, 0, big(0) + big(code)) }
    static func window(_ stream: UInt32, _ increment: UInt32) -> RawFrame { raw(8, 0, stream, big(increment)) }
    static func continuation(_ stream: UInt32, _ payload: [UInt8], endHeaders: Bool) -> RawFrame {
        raw(9, endHeaders ? 4 : 0, stream, payload)
    }

    static func big(_ number: UInt32) -> [UInt8] { (0..<4).reversed().map { UInt8(number >> (8 * $0) & 255) } }

    /// Literal fields without indexing and without Huffman's code (RFC 7541 section 6.2.2).
    static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { [0] + string($0.0) + string($0.1) }
    }

    static func string(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
        var rest = bytes.count - 127
        var length: [UInt8] = [127]
        while rest >= 128 {
            length.append(UInt8(rest & 127 | 128))
            rest >>= 7
        }
        return length + [UInt8(rest)] + bytes
    }
}
