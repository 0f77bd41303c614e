import HTTPWire
import NIOHPACK
import NIOHTTP2

/// A field section that does not fit into one HEADERS frame. NIO (1.46) writes no CONTINUATION: what is longer than a frame
/// it refuses, and with it the whole message.
///
/// NIO is given a section of the same kind without the ordinary fields, so that its streams have the right state; what it
/// writes for that is kept back. In its place go frames of our own (RFC 9113 sections 6.2 and 6.10), whose fields are
/// literals without indexing: they leave the peer's table as NIO knows it.
struct LargeHead {
    /// What every peer takes (RFC 9113 section 6.5.2).
    static let frameBytes = 16_384
    private static let headerBytes = 9
    private static let endStream: UInt8 = 0x1
    private static let endHeaders: UInt8 = 0x4

    private let headers: HPACKHeaders

    /// Nil when the section fits into a frame however it is coded.
    init?(_ headers: HPACKHeaders) {
        var bytes = 0
        // A literal takes the two lengths and a byte more.
        for (name, value, _) in headers { bytes += name.utf8.count + value.utf8.count + 11 }
        guard bytes > LargeHead.frameBytes else { return nil }
        self.headers = headers
    }

    /// What NIO judges the stream by. Not indexed, since the peer never sees it.
    var standIn: HPACKHeaders {
        var kept = HPACKHeaders()
        for (name, value, _) in headers where name.utf8.first == UInt8(ascii: ":") || name == "content-length" {
            kept.add(name: name, value: value, indexing: .nonIndexable)
        }
        return kept
    }

    /// Writes the section in place of the frame that NIO has written for `standIn`.
    ///
    /// - Returns: False when that is not one HEADERS frame; nothing is written then.
    func write(inPlaceOf written: UnsafeRawBufferPointer, to output: WireBuffer) -> Bool {
        guard written.count >= LargeHead.headerBytes, written[3] == 1,
            written.count == LargeHead.headerBytes + LargeHead.number(written, 0, 3)
        else { return false }
        let block = WireBuffer(capacity: 4 * LargeHead.frameBytes)
        block.append(tableUpdates(UnsafeRawBufferPointer(rebasing: written[LargeHead.headerBytes...])))
        for (name, value, _) in headers {
            block.append(0)
            append(name, to: block)
            append(value, to: block)
        }
        let stream = LargeHead.number(written, 5, 4)
        var rest = block.readable[...]
        var type: UInt8 = 1
        var flags = written[4] & LargeHead.endStream
        repeat {
            let piece = rest.prefix(LargeHead.frameBytes)
            rest = rest.dropFirst(piece.count)
            if rest.isEmpty { flags |= LargeHead.endHeaders }
            appendFrame(type, flags, stream, UnsafeRawBufferPointer(rebasing: piece), to: output)
            (type, flags) = (9, 0)
        } while !rest.isEmpty
        return true
    }

    /// Changes of the table's size come first in a section (RFC 7541 section 4.2): those that NIO has made must be seen.
    private func tableUpdates(_ block: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var end = 0
        while end < block.count, block[end] & 0xE0 == 0x20 {
            var next = end + 1
            if block[end] & 0x1F == 0x1F {
                while next < block.count, block[next] & 0x80 != 0 { next += 1 }
                next += 1
            }
            end = min(next, block.count)
        }
        return UnsafeRawBufferPointer(rebasing: block[..<end])
    }

    /// A string as it is (RFC 7541 section 5.2): its length with a prefix of seven bits, and its bytes.
    private func append(_ text: String, to block: WireBuffer) {
        var length = text.utf8.count
        if length < 127 {
            block.append(UInt8(length))
        } else {
            block.append(127)
            length -= 127
            while length >= 128 {
                block.append(UInt8(length & 127 | 128))
                length >>= 7
            }
            block.append(UInt8(length))
        }
        block.append(text)
    }

    private func appendFrame(
        _ type: UInt8, _ flags: UInt8, _ stream: Int, _ payload: UnsafeRawBufferPointer, to output: WireBuffer
    ) {
        let size = payload.count
        output.append([
            UInt8(size >> 16 & 255), UInt8(size >> 8 & 255), UInt8(size & 255), type, flags, UInt8(stream >> 24 & 127),
            UInt8(stream >> 16 & 255), UInt8(stream >> 8 & 255), UInt8(stream & 255),
        ])
        output.append(payload)
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, _ offset: Int, _ count: Int) -> Int {
        bytes[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
    }
}
