package import Base
import CZlib

/// Expands a stream of gzip members, never beyond `limit` bytes in sum.
///
/// Members that follow one another are one stream, as RFC 1952, section 2.2 wants; bytes after the last member that are
/// no member are an error.
package struct GzipDecoder: ~Copyable {
    private enum Position { case betweenMembers, insideMember, failed }

    private let stream: ZlibStream
    private let limit: Int
    private var produced = 0
    private var position = Position.betweenMembers
    private var members = 0

    /// - Parameter limit: the most bytes that this decoder gives, over all its members.
    /// - Throws: `ApusError` `gzip-memory`.
    package init(limit: Int) throws(ApusError) {
        self.limit = limit
        stream = try ZlibStream(inflate: ())
    }

    /// Takes more compressed bytes and appends what they expand to.
    ///
    /// - Throws: `ApusError` `gzip-corrupt`, or `output-too-large` when the limit is passed; `output` then holds at most
    ///   `limit` bytes of this stream, and the decoder cannot be used further.
    package mutating func feed(_ input: [UInt8], into output: inout [UInt8]) throws(ApusError) {
        try feed(input.span, into: &output)
    }

    /// The same for borrowed bytes, without a copy.
    package mutating func feed(_ input: Span<UInt8>, into output: inout [UInt8]) throws(ApusError) {
        do {
            try input.withUnsafeBufferPointer { (bytes) throws(ApusError) in
                try run(bytes, into: &output)
            }
        } catch {
            position = .failed
            throw error
        }
    }

    /// Expands a bounded part, whatever the ratio: appends at most `most` bytes and what one step of zlib gives
    /// (32 KiB). Call it again with the same input and position while it answers true.
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
            return try input.span.withUnsafeBufferPointer { (bytes) throws(ApusError) in
                guard self.position != .failed else { throw GzipDecoder.corrupt("an earlier part of it is corrupt") }
                let end = min(bytes.count, position + (1 << 30))
                stream.setInput(UnsafeBufferPointer(rebasing: bytes[position..<end]))
                let isWaiting = try drain(until: limit, into: &output)
                position = end - stream.unread
                return isWaiting || position < bytes.count
            }
        } catch {
            self.position = .failed
            throw error
        }
    }

    /// Says that the input is at its end.
    ///
    /// - Throws: `ApusError` `gzip-truncated` when a member is not complete, or none came at all.
    package mutating func finish() throws(ApusError) {
        guard position == .betweenMembers, members > 0 else {
            throw ApusError(code: "gzip-truncated", "the gzip stream ends before its trailer")
        }
    }

    private mutating func run(
        _ bytes: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]
    ) throws(ApusError) {
        guard position != .failed else { throw GzipDecoder.corrupt("an earlier part of it is corrupt") }
        var offset = 0
        while offset < bytes.count {
            let end = min(bytes.count, offset + (1 << 30))
            stream.setInput(UnsafeBufferPointer(rebasing: bytes[offset..<end]))
            _ = try drain(until: Int.max, into: &output)
            offset = end
        }
    }

    /// Runs zlib until it has read its input and has nothing more to give.
    ///
    /// - Returns: Whether it stopped before, because `output` has reached `most` bytes.
    private mutating func drain(until most: Int, into output: inout [UInt8]) throws(ApusError) -> Bool {
        while true {
            if position == .betweenMembers {
                if stream.unread == 0 { return false }
                position = .insideMember
            }
            if output.count >= most { return true }
            // One byte more than the limit allows is asked for, so that "exactly the limit" and "more" are told apart.
            let room = min(ZlibStream.chunk - 1, limit - produced) + 1
            let (code, written) = stream.step(flush: Z_NO_FLUSH, room: room, into: &output)
            produced += written
            if produced > limit {
                output.removeLast(produced - limit)
                throw ApusError(code: "output-too-large", "the gzip stream expands to more than \(limit) bytes")
            }
            switch code {
            case Z_STREAM_END:
                members += 1
                position = .betweenMembers
                if stream.resetInflate() != Z_OK { throw GzipDecoder.corrupt("zlib cannot start the next member") }
            case Z_OK, Z_BUF_ERROR:
                if stream.unread == 0 && written < room { return false }
                if written == 0 && code == Z_BUF_ERROR { return false }
            default:
                throw GzipDecoder.corrupt("zlib code \(code)")
            }
        }
    }

    private static func corrupt(_ detail: String) -> ApusError {
        ApusError(code: "gzip-corrupt", "the gzip stream is damaged: \(detail)")
    }
}
