import Base
import Envelope
import TestKit
import Testing

@Suite(.timeLimit(.minutes(5))) struct StreamTests {
    static let borders = [
        0, 1, 15, 16, 17, StreamSamples.first - 1, StreamSamples.first, StreamSamples.first + 1,
        StreamSamples.first + StreamSamples.next - 1, StreamSamples.first + StreamSamples.next,
        StreamSamples.first + StreamSamples.next + 1, 3 * StreamSamples.next + 777,
    ]

    @Test(arguments: borders)
    func roundTripsInAnyPieces(size: Int) throws {
        var random = SeededGenerator(seed: UInt64(size))
        let plain = StreamSamples.content(size)
        var sealer = try StreamSealer(key: StreamSamples.key, associatedData: StreamSamples.associated)
        var sealed = [UInt8]()
        for piece in StreamSamples.pieces(of: plain, &random) { try sealer.feed(piece.span, into: &sealed) }
        try sealer.finish(into: &sealed)
        try sealer.finish(into: &sealed)
        // Sealed at once, with the same beginning, it is the same.
        let again = try StreamSamples.seal(plain, salt: sealer.salt, prefix: sealer.noncePrefix)
        #expect(sealed == again)

        let layout = try SegmentLayout(streamBytes: Int64(sealed.count))
        #expect(layout.plainBytes == Int64(size))
        let (opened, code) = StreamSamples.open(
            StreamSamples.pieces(of: sealed, &random), streamBytes: Int64(sealed.count))
        #expect(code == "")
        #expect(opened == plain)
    }

    @Test(arguments: borders)
    func singleSegmentsAreWhatTheStreamGives(size: Int) throws {
        let plain = StreamSamples.content(size)
        let sealed = try StreamSamples.seal(plain)
        let layout = try SegmentLayout(streamBytes: Int64(sealed.count))
        let opener = try SegmentOpener(
            key: StreamSamples.key, associatedData: StreamSamples.associated,
            streamHeader: [UInt8](sealed.prefix(SegmentLayout.headerBytes)))
        for segment in (0..<layout.segmentCount).reversed() {
            let range = layout.sealedRange(segment)
            let bytes = [UInt8](sealed[Int(range.lowerBound)..<Int(range.upperBound)])
            var output = [UInt8]()
            try opener.open(segment, isLast: layout.isLast(segment), bytes.span, into: &output)
            let wanted = layout.plainRange(segment)
            #expect(output == [UInt8](plain[Int(wanted.lowerBound)..<Int(wanted.upperBound)]))
            let failure = #expect(throws: ApusError.self) {
                try opener.open(segment, isLast: !layout.isLast(segment), bytes.span, into: &output)
            }
            #expect(failure?.code == (layout.isLast(segment) ? "envelope-tampered" : "envelope-truncated"))
            #expect(output.count == wanted.count)
        }
    }

    @Test func aFreshStreamHasAFreshBeginning() throws {
        let one = try StreamSamples.seal([1, 2, 3])
        let two = try StreamSamples.seal([1, 2, 3])
        #expect(one.first == 40)
        #expect(one[1..<33] != two[1..<33])
        #expect(one[33..<40] != two[33..<40])
        #expect(one.count == 40 + 3 + 16)
    }

    @Test func whatIsFinishedTakesNothing() throws {
        var sealer = try StreamSealer(key: StreamSamples.key, associatedData: [])
        var output = [UInt8]()
        try sealer.finish(into: &output)
        do {
            try sealer.feed([1].span, into: &output)
            Issue.record("a finished sealer took a byte")
        } catch {
            #expect(error.code == "envelope-finished")
        }
        var opener = StreamOpener(key: StreamSamples.key, associatedData: [])
        var plain = [UInt8]()
        try opener.feed(output.span, into: &plain)
        try opener.finish(into: &plain)
        do {
            try opener.feed([1].span, into: &plain)
            Issue.record("a finished opener took a byte")
        } catch {
            #expect(error.code == "envelope-finished")
        }
    }

    @Test(arguments: [(31, 7), (33, 7), (32, 6), (32, 8)])
    func aBeginningOfAnotherLengthIsRefused(salt: Int, prefix: Int) {
        do {
            _ = try StreamSealer(
                key: StreamSamples.key, associatedData: [], salt: [UInt8](repeating: 0, count: salt),
                noncePrefix: [UInt8](repeating: 0, count: prefix))
            Issue.record("\(salt) and \(prefix) bytes were taken")
        } catch {
            #expect(error.code == "envelope-field")
        }
    }
}
