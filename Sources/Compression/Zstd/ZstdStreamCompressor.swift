package import Base
import CZstd

/// Makes one frame of many pieces: the long mode, with a window of up to 2 GiB and libzstd's own threads.
///
/// ```swift
/// var compressor = try ZstdStreamCompressor(options: ZstdOptions(level: 9, longWindowLog: 27, workers: 2))
/// try compressor.feed(piece, into: &output)      // as often as needed; send and empty `output` in between
/// try compressor.finishFrame(into: &output)      // what follows begins the next frame
/// ```
/// Bound: the context (window, tables, and with workers some jobs of about 4 windows each); a call appends what libzstd
/// has ready, never more than `ZSTD_compressBound` of all that was fed and not yet given.
///
/// `@unchecked Sendable` for the reason that `ZstdFrameCompressor` states: one owner, used exclusively, no thread's
/// own.
package struct ZstdStreamCompressor: ~Copyable, @unchecked Sendable {
    /// Output is appended in steps of this size: enough for one whole block at least.
    private static let step = ZSTD_CStreamOutSize()

    private let context: ZstdCompressionContext
    private var failed = false

    /// - Throws: `ApusError` `zstd-options` or `zstd-memory`.
    package init(options: ZstdOptions) throws(ApusError) {
        context = try ZstdCompressionContext(options)
    }

    /// Takes more plain bytes; compressed ones are appended to `output` as they come.
    ///
    /// - Throws: `ApusError` `zstd-memory`; the frame is lost then and the compressor cannot be used further
    ///   (`zstd-state`).
    package mutating func feed(_ plain: UnsafeRawBufferPointer, into output: inout [UInt8]) throws(ApusError) {
        var input = ZSTD_inBuffer(src: plain.baseAddress, size: plain.count, pos: 0)
        while input.pos < input.size { _ = try advance(&input, ZSTD_e_continue, into: &output) }
    }

    /// The same for borrowed bytes.
    package mutating func feed(_ plain: Span<UInt8>, into output: inout [UInt8]) throws(ApusError) {
        try plain.withUnsafeBytes { (bytes) throws(ApusError) in
            try feed(bytes, into: &output)
        }
    }

    /// Appends what is held back and the end of the frame. Without anything fed before, that is an empty frame.
    package mutating func finishFrame(into output: inout [UInt8]) throws(ApusError) {
        var nothing = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
        while try advance(&nothing, ZSTD_e_end, into: &output) > 0 {}
    }

    /// One call of libzstd.
    ///
    /// - Returns: With `ZSTD_e_end`, a lower bound of what is still to be given; 0 when the frame is whole.
    private mutating func advance(
        _ input: inout ZSTD_inBuffer, _ directive: ZSTD_EndDirective, into output: inout [UInt8]
    ) throws(ApusError) -> Int {
        guard !failed else { throw ApusError(code: "zstd-state", "an earlier part of the zstd frame has failed") }
        var result = 0
        output.appendUnfilled(ZstdStreamCompressor.step) { memory in
            var target = ZSTD_outBuffer(dst: memory, size: ZstdStreamCompressor.step, pos: 0)
            result = ZSTD_compressStream2(context.pointer, &target, &input, directive)
            return target.pos
        }
        if ZSTD_isError(result) != 0 {
            failed = true
            throw Zstd.compressionFailure(result)
        }
        return result
    }
}
