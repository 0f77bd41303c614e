import Base
import Envelope
import Testing

@Suite struct SegmentLayoutTests {
    @Test(arguments: [
        (56, 1, 0), (57, 1, 1), (1 << 20, 1, StreamSamples.first), ((1 << 20) + 17, 2, StreamSamples.first + 1),
        (2 << 20, 2, StreamSamples.first + StreamSamples.next),
        ((2 << 20) + 17, 3, StreamSamples.first + StreamSamples.next + 1),
        (4 << 40, 4 << 20, (4 << 40) - 40 - (4 << 24)),
    ])
    func countsSegmentsAndContent(streamBytes: Int, segments: Int, plain: Int) throws {
        let layout = try SegmentLayout(streamBytes: Int64(streamBytes))
        #expect(layout.segmentCount == Int64(segments))
        #expect(layout.plainBytes == Int64(plain))
    }

    @Test(arguments: [0, 1, 40, 55, (1 << 20) + 1, (1 << 20) + 16, (2 << 20) + 16, -1])
    func lengthsThatNoStreamHasAreRefused(streamBytes: Int64) {
        #expect(throws: ApusError.self) { try SegmentLayout(streamBytes: streamBytes) }
    }

    @Test func moreThanTheCounterHoldsIsRefused() throws {
        #expect(throws: ApusError.self) { try SegmentLayout(streamBytes: (1 << 52) + 17) }
        #expect(throws: ApusError.self) { try SegmentLayout(streamBytes: .max) }
        #expect(try SegmentLayout(streamBytes: (1 << 52) - 1).segmentCount == 1 << 32)
    }

    /// Segments follow one another without a gap, in the stream and in the content, and each offset finds its own.
    @Test func rangesJoin() throws {
        let layout = try SegmentLayout(streamBytes: (3 << 20) + 500)
        var sealed: Int64 = 40
        var plain: Int64 = 0
        for segment in 0..<layout.segmentCount {
            #expect(layout.sealedRange(segment).lowerBound == sealed)
            #expect(layout.plainRange(segment).lowerBound == plain)
            sealed = layout.sealedRange(segment).upperBound
            plain = layout.plainRange(segment).upperBound
            let range = layout.plainRange(segment)
            for offset in [range.lowerBound, range.lowerBound + 1, range.upperBound - 1] {
                #expect(layout.segments(for: offset..<(offset + 1)) == segment..<(segment + 1))
            }
        }
        #expect(sealed == layout.streamBytes)
        #expect(plain == layout.plainBytes)
        #expect(layout.segments(for: 0..<layout.plainBytes) == 0..<4)
        #expect(layout.segments(for: Int64.min..<Int64.max) == 0..<4)
        #expect(layout.segments(for: layout.plainBytes..<Int64.max).isEmpty)
        #expect(layout.segments(for: 5..<5).isEmpty)
    }
}
