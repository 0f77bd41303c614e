package import Base

/// Where what stands in a sealed stream: arithmetic from the stream's length alone, for reading a slice of a remote
/// object. Offsets count from the beginning of the stream, which is the end of the `EnvelopeHeader`.
///
///     40 bytes               the stream's own header: its length, the salt (32), the nonces' prefix (7)
///     1,048,536 bytes        segment 0: shorter by that header
///     1,048,576 bytes …      each further one; the last may be shorter. The last 16 bytes of each are its tag.
package struct SegmentLayout: Sendable, Equatable {
    package static let headerBytes = 40
    package static let segmentBytes = 1 << 20
    package static let tagBytes = 16
    package static let saltBytes = 32
    package static let prefixBytes = 7
    /// The counter of segments has 32 bits: 4 PiB.
    package static let maximumSegments: Int64 = 1 << 32

    /// Of the whole stream, in bytes.
    package let streamBytes: Int64
    package let segmentCount: Int64

    /// - Throws: `ApusError` `envelope-truncated` for a length that no whole stream has, `envelope-too-large` beyond
    ///   the bound.
    package init(streamBytes: Int64) throws(ApusError) {
        let size = Int64(SegmentLayout.segmentBytes)
        guard streamBytes >= 0, streamBytes / size < SegmentLayout.maximumSegments else {
            throw ApusError(code: "envelope-too-large", "a sealed stream has at most 2^32 segments of 1 MiB")
        }
        let last = streamBytes % size
        // A last segment has a tag, and content unless it is the first.
        let least = streamBytes < size ? SegmentLayout.headerBytes + SegmentLayout.tagBytes : SegmentLayout.tagBytes + 1
        guard last >= least || (last == 0 && streamBytes > 0) else {
            throw Envelope.truncated("no whole stream has \(streamBytes) bytes")
        }
        self.streamBytes = streamBytes
        segmentCount = (streamBytes + size - 1) / size
    }

    package var plainBytes: Int64 {
        streamBytes - Int64(SegmentLayout.headerBytes) - segmentCount * Int64(SegmentLayout.tagBytes)
    }

    /// The most plain bytes that a segment holds.
    static func plainCapacity(_ index: UInt32) -> Int { sealedCapacity(index) - tagBytes }

    /// The most bytes of the stream that a segment takes, its tag among them.
    static func sealedCapacity(_ index: UInt32) -> Int { index == 0 ? segmentBytes - headerBytes : segmentBytes }

    package func isLast(_ segment: Int64) -> Bool { segment == segmentCount - 1 }

    /// The bytes of the stream to hand to `SegmentOpener.open`.
    ///
    /// - Precondition: `segment` is one of `0..<segmentCount`.
    package func sealedRange(_ segment: Int64) -> Range<Int64> {
        let size = Int64(SegmentLayout.segmentBytes)
        let start = segment == 0 ? Int64(SegmentLayout.headerBytes) : segment * size
        return start..<min(streamBytes, (segment + 1) * size)
    }

    /// The place of the segment's content in the whole content.
    package func plainRange(_ segment: Int64) -> Range<Int64> {
        let sealed = sealedRange(segment)
        let overhead = Int64(SegmentLayout.headerBytes) + segment * Int64(SegmentLayout.tagBytes)
        let start = sealed.lowerBound - overhead
        return start..<(start + sealed.upperBound - sealed.lowerBound - Int64(SegmentLayout.tagBytes))
    }

    /// The segments to read for these bytes of the content; what lies behind its end counts for nothing.
    package func segments(for plain: Range<Int64>) -> Range<Int64> {
        let start = max(0, plain.lowerBound)
        let end = min(plainBytes, plain.upperBound)
        guard start < end else { return 0..<0 }
        return segment(containing: start)..<(segment(containing: end - 1) + 1)
    }

    private func segment(containing offset: Int64) -> Int64 {
        (offset + Int64(SegmentLayout.headerBytes)) / Int64(SegmentLayout.segmentBytes - SegmentLayout.tagBytes)
    }
}
