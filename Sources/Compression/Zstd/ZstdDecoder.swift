package import Base
import CZstd

/// Expands a stream of zstd frames, never beyond `limit` bytes in sum.
///
/// Frames that follow one another are one stream, and skippable frames (a seek table) are skipped, as RFC 8878, section
/// 3 wants; bytes after the last frame that are no frame are an error. Bound: a window of 2^`windowLogMax` bytes and
/// about 300 KiB.
///
/// `@unchecked Sendable` for the reason that `ZstdFrameCompressor` states: one owner, used exclusively, no thread's
/// own.
package struct ZstdDecoder: ~Copyable, @unchecked Sendable {
    /// What `zstd -d` takes without being told more: 128 MiB.
    package static let usualWindowLog = 27

    private enum Position { case betweenFrames, insideFrame, failed }

    private let context: OpaquePointer
    private let limit: Int
    private let windowLogMax: Int
    private var produced = 0
    private var position = Position.betweenFrames
    private var frames = 0
    /// Whether the last step filled its room, inside a frame.
    private var isFull = false

    /// - Parameters:
    ///   - limit: The most bytes that this decoder gives, over all its frames.
    ///   - windowLogMax: 10...31; frames that need a larger window are refused.
    /// - Throws: `ApusError` `zstd-options` or `zstd-memory`.
    package init(limit: Int, windowLogMax: Int = ZstdDecoder.usualWindowLog) throws(ApusError) {
        context = try ZstdDecoder.makeContext(windowLogMax)
        self.limit = limit
        self.windowLogMax = windowLogMax
    }

    private static func makeContext(_ windowLogMax: Int) throws(ApusError) -> OpaquePointer {
        guard ZstdOptions.windowLogs.contains(windowLogMax) else {
            throw ApusError(code: "zstd-options", "zstd: windowLogMax is \(windowLogMax), and can be 10 to 31")
        }
        guard let context = ZSTD_createDCtx() else { throw Zstd.outOfMemory() }
        let result = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(windowLogMax))
        if ZSTD_isError(result) == 0 { return context }
        ZSTD_freeDCtx(context)
        throw ApusError(code: "zstd-options", "libzstd refuses an option: \(Zstd.reason(result))")
    }

    deinit { ZSTD_freeDCtx(context) }

    /// How many frames have come whole, the skippable ones among them.
    package var frameCount: Int { frames }

    /// Takes more compressed bytes and appends what they expand to.
    ///
    /// - Throws: `ApusError` `zstd-corrupt`; `zstd-window` for a frame that needs a larger window than allowed;
    ///   `zstd-memory`; or `output-too-large` when the limit is passed: `output` then holds at most `limit` bytes of
    ///   this stream. The decoder cannot be used further.
    package mutating func feed(_ input: [UInt8], into output: inout [UInt8]) throws(ApusError) {
        try feed(input.span, into: &output)
    }

    /// The same for borrowed bytes, without a copy.
    package mutating func feed(_ input: Span<UInt8>, into output: inout [UInt8]) throws(ApusError) {
        do {
            try input.withUnsafeBytes { (bytes) throws(ApusError) in
                var read = 0
                _ = try run(bytes, &read, until: Int.max, into: &output)
            }
        } catch {
            position = .failed
            throw error
        }
    }

    /// Expands a bounded part, whatever the ratio: appends at most `most` bytes and what one step of libzstd gives
    /// (128 KiB). Call it again with the same input and position while it answers true.
    ///
    /// - Parameters:
    ///   - position: How far `input` has been read; moved on.
    /// - Returns: Whether input is left, or output waits inside.
    /// - Throws: As `feed`.
    package mutating func advance(
        _ input: [UInt8], _ position: inout Int, atMost most: Int, into output: inout [UInt8]
    ) throws(ApusError) -> Bool {
        let limit = output.count + most
        do {
            return try input.span.withUnsafeBytes { (bytes) throws(ApusError) in
                try run(bytes, &position, until: limit, into: &output)
            }
        } catch {
            self.position = .failed
            throw error
        }
    }

    /// Says that the input is at its end.
    ///
    /// - Throws: `ApusError` `zstd-truncated` when a frame is not complete, or none came at all.
    package mutating func finish() throws(ApusError) {
        guard position == .betweenFrames, frames > 0 else {
            throw ApusError(code: "zstd-truncated", "the zstd stream ends before its frame does")
        }
    }

    /// - Returns: Whether it stopped because `output` has reached `most` bytes.
    private mutating func run(
        _ bytes: UnsafeRawBufferPointer, _ read: inout Int, until most: Int, into output: inout [UInt8]
    ) throws(ApusError) -> Bool {
        guard position != .failed else { throw ZstdDecoder.corrupt("an earlier part of it is corrupt") }
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: read)
        defer { read = input.pos }
        // A step that fills its room may have more to give, and at the end of the input that must not stay inside.
        while input.pos < input.size || isFull {
            if output.count >= most { return true }
            // One byte more than the limit allows is asked for, so that "exactly the limit" and "more" are told apart.
            let room = min(ZSTD_DStreamOutSize() - 1, limit - produced) + 1
            let written = try step(&input, room: room, into: &output)
            isFull = written == room && position == .insideFrame
        }
        return false
    }

    /// One call of libzstd: appends at most `room` bytes.
    private mutating func step(
        _ input: inout ZSTD_inBuffer, room: Int, into output: inout [UInt8]
    ) throws(ApusError) -> Int {
        var result = 0
        var written = 0
        output.appendUnfilled(room) { memory in
            var target = ZSTD_outBuffer(dst: memory, size: room, pos: 0)
            result = ZSTD_decompressStream(context, &target, &input)
            written = target.pos
            return written
        }
        produced += written
        if produced > limit {
            output.removeLast(produced - limit)
            throw ApusError(code: "output-too-large", "the zstd stream expands to more than \(limit) bytes")
        }
        if ZSTD_isError(result) != 0 { throw failure(result) }
        position = result == 0 ? .betweenFrames : .insideFrame
        if result == 0 { frames += 1 }
        return written
    }

    private func failure(_ result: Int) -> ApusError {
        switch ZSTD_getErrorCode(result) {
        case ZSTD_error_memory_allocation: return Zstd.outOfMemory()
        case ZSTD_error_frameParameter_windowTooLarge:
            return ApusError(
                code: "zstd-window", "the zstd stream needs a window of more than 2^\(windowLogMax) bytes to be read")
        default: return ZstdDecoder.corrupt(Zstd.reason(result))
        }
    }

    private static func corrupt(_ detail: String) -> ApusError {
        ApusError(code: "zstd-corrupt", "the zstd stream is damaged: \(detail)")
    }
}
