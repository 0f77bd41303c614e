import Base
import Envelope
import TestKit
import Testing

/// Whatever is done to a sealed stream, no byte is given that was not put in, in its place; and it is told what
/// happened.
@Suite(.timeLimit(.minutes(5))) struct StreamTamperTests {
    private static let segment = SegmentLayout.segmentBytes
    private let plain: [UInt8]
    private let sealed: [UInt8]

    /// Four segments, of which the last is short.
    init() throws {
        plain = StreamSamples.content(StreamSamples.first + 2 * StreamSamples.next + 1000)
        sealed = try StreamSamples.seal(plain)
    }

    private struct Row {
        let what: String
        let bytes: [UInt8]
        let code: String
        /// With the length known.
        let strictCode: String
    }

    @Test func changesAreTold() throws {
        let size = StreamTamperTests.segment
        let (head, last) = (Array(sealed[..<(3 * size)]), Array(sealed[(3 * size)...]))
        let segments = (0..<3).map { Array(sealed[($0 * size)..<(($0 + 1) * size)]) }
        func altered(_ place: Int) -> [UInt8] {
            var bytes = sealed
            bytes[place] ^= 0x10
            return bytes
        }
        let full = try StreamSamples.seal([UInt8](plain.prefix(StreamSamples.first + StreamSamples.next)))
        let rows = [
            Row(what: "nothing", bytes: sealed, code: "", strictCode: ""),
            Row(
                what: "the last segment dropped", bytes: head, code: "envelope-truncated",
                strictCode: "envelope-truncated"),
            Row(
                what: "a middle segment dropped", bytes: segments[0] + segments[2] + last, code: "envelope-segments",
                strictCode: "envelope-segments"),
            Row(
                what: "segments swapped", bytes: segments[0] + segments[2] + segments[1] + last,
                code: "envelope-segments", strictCode: "envelope-segments"),
            Row(
                what: "a segment twice", bytes: segments[0] + segments[1] + segments[1] + last,
                code: "envelope-segments", strictCode: "envelope-segments"),
            Row(
                what: "another length of the header", bytes: [41] + sealed.dropFirst(), code: "envelope-tampered",
                strictCode: "envelope-tampered"),
            Row(what: "the salt", bytes: altered(1), code: "envelope-tampered", strictCode: "envelope-tampered"),
            Row(what: "the prefix", bytes: altered(39), code: "envelope-tampered", strictCode: "envelope-tampered"),
            Row(
                what: "the content", bytes: altered(2 * size), code: "envelope-tampered",
                strictCode: "envelope-tampered"),
            Row(
                what: "a tag", bytes: altered(2 * size - 1), code: "envelope-tampered",
                strictCode: "envelope-tampered"),
            Row(
                what: "the end", bytes: altered(sealed.count - 1), code: "envelope-truncated",
                strictCode: "envelope-tampered"),
            Row(what: "more behind a full one", bytes: full + [0], code: "envelope-tampered", strictCode: ""),
            Row(
                what: "more than a segment behind", bytes: sealed + segments[1], code: "envelope-tampered",
                strictCode: "envelope-tampered"),
            Row(
                what: "an empty segment behind", bytes: head + StreamSamples.content(16), code: "envelope-truncated",
                strictCode: "envelope-truncated"),
        ]
        for row in rows {
            check(row.bytes, row.code, row.what)
            if row.what == "more behind a full one" { continue }
            check(row.bytes, row.strictCode, "\(row.what), length known", streamBytes: Int64(sealed.count))
        }
    }

    /// Read in any order, as a slice of an object is.
    @Test func singleSegmentsSayWhatTheyAre() throws {
        let size = StreamTamperTests.segment
        let opener = try SegmentOpener(
            key: StreamSamples.key, associatedData: StreamSamples.associated,
            streamHeader: [UInt8](sealed.prefix(SegmentLayout.headerBytes)))
        func failure(_ index: Int64, isLast: Bool, _ bytes: ArraySlice<UInt8>, isLengthKnown: Bool = false) -> String {
            var output = [UInt8]()
            let error = #expect(throws: ApusError.self) {
                try opener.open(
                    index, isLast: isLast, [UInt8](bytes).span, isLengthKnown: isLengthKnown, into: &output)
            }
            #expect(output.isEmpty)
            return error.map { "\($0.code) \($0)" } ?? ""
        }
        let swapped = failure(2, isLast: false, sealed[size..<(2 * size)])
        #expect(swapped.hasPrefix("envelope-segments") && swapped.contains("segment 1 stands where segment 2 should"))
        #expect(failure(1, isLast: true, sealed[size..<(2 * size)]).hasPrefix("envelope-truncated"))
        #expect(failure(1, isLast: true, sealed[size..<(2 * size - 9)]).hasPrefix("envelope-truncated"))
        #expect(failure(3, isLast: false, sealed[(3 * size)...]).hasPrefix("envelope-tampered"))
        var altered = sealed
        altered[sealed.count - 1] ^= 1
        #expect(failure(3, isLast: true, altered[(3 * size)...]).hasPrefix("envelope-truncated"))
        #expect(failure(3, isLast: true, altered[(3 * size)...], isLengthKnown: true).hasPrefix("envelope-tampered"))
        altered[size] ^= 1
        #expect(failure(1, isLast: false, altered[size..<(2 * size)]).hasPrefix("envelope-tampered"))
    }

    @Test func everyCutIsACut() {
        var random = SeededGenerator(seed: 0xCC)
        var lengths = [0, 1, 39, 40, 41, 55, 56, 57]
        for segment in 1...3 {
            let border = segment * StreamTamperTests.segment
            lengths += [
                border - 17, border - 16, border - 1, border, border + 1, border + 15, border + 16, border + 17,
            ]
        }
        lengths += [sealed.count - 1, sealed.count - 16, sealed.count - 17]
        lengths += (0..<20).map { _ in Int.random(in: 0..<sealed.count, using: &random) }
        for length in lengths {
            let cut = [UInt8](sealed.prefix(length))
            check(cut, "envelope-truncated", "cut at \(length)")
            check(cut, "envelope-truncated", "cut at \(length), length known", streamBytes: Int64(sealed.count))
        }
    }

    @Test func everyCutOfASmallStreamIsACut() throws {
        let small = try StreamSamples.seal(StreamSamples.content(200))
        for length in 0..<small.count {
            let (given, code) = StreamSamples.open([[UInt8](small.prefix(length))])
            #expect(code == "envelope-truncated", "cut at \(length)")
            #expect(given.isEmpty)
        }
    }

    @Test func everyAlteredBitOfASmallStreamIsNoticed() throws {
        let small = try StreamSamples.seal(StreamSamples.content(60))
        for bit in 0..<(small.count * 8) {
            var altered = small
            altered[bit / 8] ^= 1 << UInt8(bit % 8)
            let (given, code) = StreamSamples.open([altered], streamBytes: Int64(small.count))
            #expect(code == "envelope-tampered", "bit \(bit)")
            #expect(given.isEmpty)
        }
    }

    @Test func anotherKeyOrContextOpensNothing() {
        for (key, associated) in [
            (StreamSamples.otherKey, StreamSamples.associated), (StreamSamples.key, StreamSamples.associated + [0]),
            (StreamSamples.key, []),
        ] {
            let (given, code) = StreamSamples.open([sealed], key: key, associated: associated)
            #expect(code == "envelope-tampered")
            #expect(given.isEmpty)
        }
    }

    @Test func noiseOpensNothing() {
        var random = SeededGenerator(seed: 0x0FF)
        for round in 0..<500 {
            let count = Int.random(in: 0...2000, using: &random)
            let noise = [40] + (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let (given, code) = StreamSamples.open(StreamSamples.pieces(of: noise, &random))
            #expect(["envelope-truncated", "envelope-tampered"].contains(code), "seed \(random.seed), round \(round)")
            #expect(given.isEmpty)
        }
    }

    /// Fed whole and in pieces: the same code, and nothing but a beginning of the content.
    private func check(_ bytes: [UInt8], _ code: String, _ what: String, streamBytes: Int64? = nil) {
        var random = SeededGenerator(seed: UInt64(bytes.count))
        for pieces in [[bytes], StreamSamples.pieces(of: bytes, &random)] {
            let (given, found) = StreamSamples.open(pieces, streamBytes: streamBytes)
            #expect(found == code, "\(what)")
            #expect(StreamSamples.isBeginning(given, of: plain), "\(what)")
            #expect(code.isEmpty == (given.count == plain.count), "\(what)")
        }
    }
}
