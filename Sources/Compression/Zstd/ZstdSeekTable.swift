package import Base

/// The table behind the frames of a file that says where each of them begins: zstd's seekable format, version 0.1.0
/// (`contrib/seekable_format/zstd_seekable_compression_format.md`). Any zstd reads such a file, since the table is a
/// skippable frame (RFC 8878, section 3.1.2). All numbers are little-endian:
///
///     u32 0x184D2A5E           the magic number of skippable frames, with the nibble E
///     u32 size                 of what follows
///     u32 u32 [u32] …          for each frame: compressed and plain bytes; low half of the content's XXH64 if asked
///     u32 count                of frames; the footer begins here
///     u8  descriptor           bit 7: there are checksums; bits 6 to 2 are zero; bits 1 and 0 mean nothing
///     u32 0x8F92EAB1           the magic number of the format: the last four bytes of the file
///
/// We write no checksums: each frame holds its own. Bound: 16 bytes of memory a frame, `maximumFrames` frames (128 MiB
/// of table). Lookups are binary searches.
package struct ZstdSeekTable: Sendable, Equatable {
    package static let footerSize = 9
    static let skippableMagic: UInt32 = 0x184D_2A5E
    static let seekableMagic: UInt32 = 0x8F92_EAB1
    static let headerSize = 8
    static let entrySize = 8
    static let checksumSize = 4
    /// Ours is lower than the format's 2^27, which no file of logs comes near: 8 million frames of 2 MiB are 16 TiB.
    package static let maximumFrames = 1 << 23
    /// Of one frame's content, as the format has it: 1 GiB.
    package static let maximumFramePlainBytes = 1 << 30

    /// A frame's place in the file, and that of its content in the whole content.
    package struct Frame: Sendable, Equatable {
        package let compressed: Range<Int64>
        package let plain: Range<Int64>
    }

    /// Where each frame ends.
    private var compressedEnds: [Int64] = []
    private var plainEnds: [Int64] = []

    /// A table of no frames.
    package init() {}

    package var count: Int { plainEnds.count }
    /// Of all frames, which is where the table begins.
    package var compressedBytes: Int64 { compressedEnds.last ?? 0 }
    package var plainBytes: Int64 { plainEnds.last ?? 0 }
    /// Of the table itself.
    package var encodedSize: Int {
        ZstdSeekTable.headerSize + count * ZstdSeekTable.entrySize + ZstdSeekTable.footerSize
    }

    /// Notes the next frame.
    ///
    /// - Throws: `ApusError` `zstd-seek-table` for sizes that the format cannot hold, or one frame too many.
    package mutating func append(compressed: Int, decompressed: Int) throws(ApusError) {
        guard count < ZstdSeekTable.maximumFrames else {
            throw ZstdSeekTable.damaged("it has more than \(ZstdSeekTable.maximumFrames) frames")
        }
        guard compressed > 0, compressed <= Int(UInt32.max),
            decompressed >= 0, decompressed <= ZstdSeekTable.maximumFramePlainBytes
        else {
            throw ZstdSeekTable.damaged("frame \(count) has \(compressed) bytes of \(decompressed) plain ones")
        }
        // 2^23 frames of at most 2^32 bytes: no sum overflows.
        compressedEnds.append(compressedBytes + Int64(compressed))
        plainEnds.append(plainBytes + Int64(decompressed))
    }

    /// The skippable frame to put behind the last frame.
    package func encoded() -> [UInt8] {
        var bytes = [UInt8]()
        bytes.reserveCapacity(encodedSize)
        bytes.appendLittleEndian(ZstdSeekTable.skippableMagic)
        bytes.appendLittleEndian(UInt32(encodedSize - ZstdSeekTable.headerSize))
        for index in 0..<count {
            let frame = self[index]
            bytes.appendLittleEndian(UInt32(frame.compressed.count))
            bytes.appendLittleEndian(UInt32(frame.plain.count))
        }
        bytes.appendLittleEndian(UInt32(count))
        bytes.append(0)
        bytes.appendLittleEndian(ZstdSeekTable.seekableMagic)
        return bytes
    }

    /// - Precondition: `index` is one of `0..<count`.
    package subscript(index: Int) -> Frame {
        let isFirst = index == 0
        return Frame(
            compressed: (isFirst ? 0 : compressedEnds[index - 1])..<compressedEnds[index],
            plain: (isFirst ? 0 : plainEnds[index - 1])..<plainEnds[index])
    }

    /// The frames to read for these bytes of the content; what lies behind its end counts for nothing.
    package func frames(for plain: Range<Int64>) -> Range<Int> {
        let first = firstFrame(endingAfter: max(0, plain.lowerBound))
        guard plain.lowerBound < plain.upperBound, plain.upperBound > 0, first < count else { return first..<first }
        return first..<(firstFrame(endingAfter: min(plain.upperBound, plainBytes) - 1) + 1)
    }

    /// The frame with the byte at `offset`, or `count`.
    private func firstFrame(endingAfter offset: Int64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if plainEnds[middle] > offset { high = middle } else { low = middle + 1 }
        }
        return low
    }

    static func damaged(_ detail: String) -> ApusError {
        ApusError(code: "zstd-seek-table", "the seek table of the zstd file is not right: \(detail)")
    }
}

extension [UInt8] {
    fileprivate mutating func appendLittleEndian(_ number: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
}
