package import Base
import CZlib

/// Makes one gzip member from a stream of pieces.
///
/// ```swift
/// var encoder = try GzipEncoder(level: .standard)
/// try encoder.feed(piece, into: &output)      // as often as needed; send and empty `output` in between
/// try encoder.finish(into: &output)
/// ```
/// Bound: 256 KiB of zlib state. A `feed` appends at most about its input plus 0.1 % plus 64 KiB, usually far less.
package struct GzipEncoder: ~Copyable {
    private let stream: ZlibStream
    private var finished = false

    /// - Throws: `ApusError` `gzip-memory`.
    package init(level: GzipLevel = .standard) throws(ApusError) {
        stream = try ZlibStream(deflate: level)
    }

    /// Takes more plain bytes; compressed ones are appended to `output` as they come.
    ///
    /// - Throws: `ApusError` `gzip-finished` after `finish`.
    package mutating func feed(_ input: [UInt8], into output: inout [UInt8]) throws(ApusError) {
        try feed(input.span, into: &output)
    }

    /// The same for borrowed bytes, without a copy.
    package mutating func feed(_ input: Span<UInt8>, into output: inout [UInt8]) throws(ApusError) {
        try input.withUnsafeBufferPointer { (bytes) throws(ApusError) in
            try run(bytes, flush: Z_NO_FLUSH, into: &output)
        }
    }

    /// Writes what is held back and the trailer. Nothing can be fed afterwards; a second call does nothing.
    package mutating func finish(into output: inout [UInt8]) throws(ApusError) {
        if finished { return }
        try run(UnsafeBufferPointer(start: nil, count: 0), flush: Z_FINISH, into: &output)
        finished = true
    }

    /// zlib counts in 32 bits: a larger input goes in slices of 1 GiB.
    private func run(
        _ bytes: UnsafeBufferPointer<UInt8>, flush: Int32, into output: inout [UInt8]
    ) throws(ApusError) {
        guard !finished else { throw ApusError(code: "gzip-finished", "bytes were fed to a finished gzip stream") }
        var offset = 0
        repeat {
            let end = min(bytes.count, offset + (1 << 30))
            stream.setInput(UnsafeBufferPointer(rebasing: bytes[offset..<end]))
            while true {
                let (code, written) = stream.step(flush: flush, room: ZlibStream.chunk, into: &output)
                if code == Z_STREAM_END { break }
                if code != Z_OK && code != Z_BUF_ERROR {
                    throw ApusError(code: "gzip-state", "zlib cannot compress (code \(code))")
                }
                if stream.unread == 0 && written < ZlibStream.chunk { break }
            }
            offset = end
        } while offset < bytes.count
    }
}
