import HTTPWire
import Testing

/// The table of Cases/ResponseCases.swift, whole, byte by byte and split at every place: the answer is the same.
@Suite struct ResponseHeadTests {
    @Test(arguments: responseCases)
    func takesAResponseFor(_ row: HeadCase) {
        let reader = WireReader()
        func read(_ arrival: [Int]) -> String {
            reader.response(row.input, arrival, row.limits, answering: row.answering).text
        }
        #expect(read(Arrival.whole(row.input.count)) == row.expected)
        #expect(read(Arrival.bytewise(row.input.count)) == row.expected)
        for point in row.input.indices {
            #expect(read(Arrival.split(row.input.count, at: point)) == row.expected, "split at \(point)")
        }
    }
}
