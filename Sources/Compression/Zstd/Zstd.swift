package import Base
import CZstd

/// Zstandard (RFC 8878) over libzstd's stable interface, for archives of logs.
///
/// - `ZstdFrameCompressor` makes one independent frame of one piece: frames can be made by several threads, and read
///   singly with the help of a `ZstdSeekTable` behind them.
/// - `ZstdStreamCompressor` makes one long frame of many pieces, where matches far back are worth more than random
///   access.
/// - `ZstdDecoder` reads both, and what any other program writes.
///
/// What always holds: each of them owns one libzstd context and frees it exactly once; memory is fixed by level and
/// window (measured: 0.6, 1.3, 13 and 33 MiB for frames of 2 MiB at the levels 1, 3, 9 and 15; 1.3, 3.5, 17 and 70 MiB
/// for streams, and 2^longWindowLog bytes beside it); a decoder never gives more bytes than its limit and never takes a
/// larger window than it was allowed, whatever the input claims.
package enum Zstd {
    /// Compresses the whole of `bytes` into one frame.
    package static func compress(_ bytes: [UInt8], options: ZstdOptions = ZstdOptions()) throws(ApusError) -> [UInt8] {
        var compressor = try ZstdFrameCompressor(options: options)
        var output = [UInt8]()
        try compressor.compress(bytes.span, into: &output)
        return output
    }

    /// Expands all frames of `bytes`, at most `limit` bytes in sum.
    ///
    /// - Throws: As `ZstdDecoder`.
    package static func decompress(
        _ bytes: [UInt8], limit: Int, windowLogMax: Int = ZstdDecoder.usualWindowLog
    ) throws(ApusError) -> [UInt8] {
        var decoder = try ZstdDecoder(limit: limit, windowLogMax: windowLogMax)
        var output = [UInt8]()
        try decoder.feed(bytes, into: &output)
        try decoder.finish()
        return output
    }

    static func outOfMemory() -> ApusError {
        ApusError(
            code: "zstd-memory", "libzstd cannot allocate what it needs for this level and window", canRetry: true)
    }

    /// Of a compressor's call: it fails only for want of memory, or because we used it wrongly.
    static func compressionFailure(_ result: Int) -> ApusError {
        if ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation { return outOfMemory() }
        return ApusError(code: "zstd-state", "libzstd cannot compress: \(reason(result))")
    }

    static func reason(_ result: Int) -> String { String(cString: ZSTD_getErrorName(result)) }
}

extension [UInt8] {
    /// Appends what `write` puts into `room` bytes of fresh memory: nothing is filled with zeros first, nothing is
    /// copied.
    ///
    /// - Parameter write: Takes the memory, answers how many of its bytes it has written.
    mutating func appendUnfilled(_ room: Int, _ write: (UnsafeMutableRawPointer?) -> Int) {
        append(addingCapacity: room) { (span: inout OutputSpan<UInt8>) in
            span.withUnsafeMutableBufferPointer { buffer, count in
                count = write(UnsafeMutableRawPointer(buffer.baseAddress))
            }
        }
    }
}
