package import Base
import CZstd

/// Makes independent frames, one of each piece, with one context that serves them all: one compressor a worker thread.
///
/// Each frame holds its content's size and, if asked for, a checksum. Arithmetic of the hot path: one call of libzstd a
/// frame, which reads the caller's bytes and writes into the caller's buffer; nothing is filled or copied in between. A
/// buffer that is emptied with `removeAll(keepingCapacity: true)` is not allocated again either.
///
/// `@unchecked Sendable`: a libzstd context belongs to no thread, it only must not be used by two at once. This value
/// cannot be copied and every use of the context is `mutating`, so its one owner has it exclusively wherever it is
/// moved.
package struct ZstdFrameCompressor: ~Copyable, @unchecked Sendable {
    private let context: ZstdCompressionContext

    /// - Throws: `ApusError` `zstd-options` or `zstd-memory`.
    package init(options: ZstdOptions = ZstdOptions()) throws(ApusError) {
        context = try ZstdCompressionContext(options)
    }

    /// The most bytes that a frame of so many plain ones has.
    package static func bound(_ plainBytes: Int) -> Int { ZSTD_compressBound(plainBytes) }

    /// Appends one frame with the whole of `plain`, at most `bound(plain.count)` bytes. None is a frame, too.
    ///
    /// - Throws: `ApusError` `zstd-memory`; `output` is then as it was.
    package mutating func compress(
        _ plain: UnsafeRawBufferPointer, into output: inout [UInt8]
    ) throws(ApusError) {
        let room = ZSTD_compressBound(plain.count)
        var result = 0
        output.appendUnfilled(room) { memory in
            result = ZSTD_compress2(context.pointer, memory, room, plain.baseAddress, plain.count)
            return ZSTD_isError(result) == 0 ? result : 0
        }
        if ZSTD_isError(result) != 0 { throw Zstd.compressionFailure(result) }
    }

    /// The same for borrowed bytes.
    package mutating func compress(_ plain: Span<UInt8>, into output: inout [UInt8]) throws(ApusError) {
        try plain.withUnsafeBytes { (bytes) throws(ApusError) in
            try compress(bytes, into: &output)
        }
    }
}
