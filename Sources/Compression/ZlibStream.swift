import Base
import CZlib

/// The one owner of a `z_stream`. It lives on the heap because zlib keeps a pointer back to it: it must not move.
struct ZlibStream: ~Copyable {
    enum Direction { case deflate, inflate }

    /// Output is appended in pieces of this many bytes.
    static let chunk = 32 << 10
    /// Window of 32 KiB (15 bits), with a gzip header and trailer (16) in place of zlib's own.
    private static let gzipWindowBits: Int32 = 15 + 16

    private let stream: UnsafeMutablePointer<z_stream>
    private let direction: Direction

    init(deflate level: GzipLevel) throws(ApusError) {
        direction = .deflate
        stream = ZlibStream.allocate()
        let size = Int32(MemoryLayout<z_stream>.size)
        let code = deflateInit2_(
            stream, level.rawValue, Z_DEFLATED, ZlibStream.gzipWindowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        if code != Z_OK { throw ZlibStream.initialisationFailure(code) }
    }

    init(inflate: Void) throws(ApusError) {
        direction = .inflate
        stream = ZlibStream.allocate()
        let size = Int32(MemoryLayout<z_stream>.size)
        let code = inflateInit2_(stream, ZlibStream.gzipWindowBits, ZLIB_VERSION, size)
        if code != Z_OK { throw ZlibStream.initialisationFailure(code) }
    }

    deinit {
        // Both calls accept a state that was never set up (they answer Z_STREAM_ERROR), so a throwing init is safe too.
        switch direction {
        case .deflate: deflateEnd(stream)
        case .inflate: inflateEnd(stream)
        }
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Bytes of the last input that zlib has not read.
    var unread: Int { Int(stream.pointee.avail_in) }

    /// Hands `input` to zlib. It is read by `step` only: the caller keeps it alive and unmoved for as long.
    func setInput(_ input: UnsafeBufferPointer<UInt8>) {
        // zlib's next_in is not const without ZLIB_CONST, yet neither direction writes through it.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.pointee.avail_in = UInt32(input.count)
    }

    /// One call of deflate(3) or inflate(3): appends at most `room` bytes, answers zlib's code.
    func step(flush: Int32, room: Int, into output: inout [UInt8]) -> (code: Int32, written: Int) {
        var code: Int32 = 0
        var written = 0
        output.appendUnfilled(room) { memory in
            stream.pointee.next_out = memory?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(room)
            code = direction == .deflate ? CZlib.deflate(stream, flush) : CZlib.inflate(stream, flush)
            written = room - Int(stream.pointee.avail_out)
            return written
        }
        return (code, written)
    }

    /// Makes an inflating stream ready for the next gzip member; the rest of the input stays.
    func resetInflate() -> Int32 { inflateReset(stream) }

    private static func allocate() -> UnsafeMutablePointer<z_stream> {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        return stream
    }

    private static func initialisationFailure(_ code: Int32) -> ApusError {
        ApusError(code: "gzip-memory", "zlib cannot set up its state (code \(code))", canRetry: true)
    }
}
