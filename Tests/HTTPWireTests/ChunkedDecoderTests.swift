import HTTPWire
import Testing

/// The table of Cases/ChunkedCases.swift, whole, byte by byte and split at every place: the answer is the same.
@Suite struct ChunkedDecoderTests {
    @Test(arguments: chunkedCases)
    func takesABodyFor(_ row: ChunkedCase) {
        let reader = WireReader()
        func read(_ arrival: [Int]) -> String {
            reader.chunked(row.input, arrival, row.limits).text(of: row.input)
        }
        #expect(read(Arrival.whole(row.input.count)) == row.expected)
        #expect(read(Arrival.bytewise(row.input.count)) == row.expected)
        for point in row.input.indices {
            #expect(read(Arrival.split(row.input.count, at: point)) == row.expected, "split at \(point)")
        }
    }

    @Test func keepsItsAnswer() {
        var decoder = ChunkedDecoder()
        let body = Array("0\r\n\r\n0\r\n\r\n".utf8)
        body.withUnsafeBytes { bytes in
            var position = 0
            #expect(decoder.next(bytes, position: &position) == .end)
            #expect(decoder.next(bytes, position: &position) == .end)
            #expect(position == 5)
        }
    }

    /// A body's data in one piece, whatever its size: the decoder copies nothing.
    @Test func handsOutRanges() {
        var decoder = ChunkedDecoder()
        let body = Array("5\r\nabcde\r\n".utf8)
        body.withUnsafeBytes { bytes in
            var position = 0
            #expect(decoder.next(bytes, position: &position) == .data(3..<8))
            #expect(decoder.next(bytes, position: &position) == .needMore)
            #expect(position == 10)
        }
    }
}
