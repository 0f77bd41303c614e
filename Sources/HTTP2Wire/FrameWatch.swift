/// Walks over the frames that a client sends, before NIO sees them, and stops at each HEADERS for a stream that is not
/// new: trailers, or a breach that NIO (1.46) answers with a code that RFC 9113 section 5.1 does not allow there.
///
/// Nine bytes are read of each frame; payloads are stepped over. What is no HTTP/2 is left to NIO to find out.
struct FrameWatch {
    /// A HEADERS frame. `offset` is where it begins in the bytes at hand, 0 if it began before them.
    struct Finding: Equatable {
        let offset: Int
        let stream: Int32
    }

    private static let prefaceBytes = 24
    private static let headerBytes = 9

    /// Bytes that belong to what is already known: the preface, or a payload.
    private var skipped = FrameWatch.prefaceBytes
    /// The last of the bytes of a header that has begun, newest at the bottom, and how many there are.
    private var header: (high: UInt64, low: UInt8) = (0, 0)
    private var headerCount = 0
    private var highestStream: Int32 = 0

    /// The next finding from `position` on, which moves behind the frame's header, or to the end if there is none.
    mutating func next(_ bytes: UnsafeRawBufferPointer, from position: inout Int) -> Finding? {
        while position < bytes.count {
            let step = min(skipped, bytes.count - position)
            skipped -= step
            position += step
            while headerCount < FrameWatch.headerBytes, position < bytes.count {
                header = (header.high << 8 | UInt64(header.low), bytes[position])
                headerCount += 1
                position += 1
            }
            guard headerCount == FrameWatch.headerBytes else { return nil }
            headerCount = 0
            if let stream = takeHeader() {
                return Finding(offset: max(0, position - FrameWatch.headerBytes), stream: stream)
            }
        }
        return nil
    }

    /// Length (3 bytes), type, flags, stream (4 bytes): RFC 9113 section 4.1.
    private mutating func takeHeader() -> Int32? {
        skipped = Int(header.high >> 40)
        let type = UInt8(truncatingIfNeeded: header.high >> 32)
        let stream = Int32(truncatingIfNeeded: (header.high << 8 | UInt64(header.low)) & 0x7FFF_FFFF)
        guard type == 1 else { return nil }
        guard stream > highestStream else { return stream }
        highestStream = stream
        return nil
    }
}
