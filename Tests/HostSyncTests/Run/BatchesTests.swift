import Testing

@testable import HostSync

@Suite struct BatchesTests {
    @Test(arguments: [
        (10, [], [10]), (0, [], []), (0, ["2"], []), (10, ["3"], [3, 3, 3, 1]), (10, ["1", "30%", "100%"], [1, 3, 6]),
        (4, ["25%"], [1, 1, 1, 1]), (3, ["10%"], [1, 1, 1]), (5, ["100%"], [5]), (2, ["50"], [2]),
    ])
    func cutsHostsIntoBatches(count: Int, sizes: [String], expected: [Int]) {
        let batches = Batches.split(count, sizes.compactMap { BatchSize($0) })
        #expect(batches.map(\.count) == expected)
        #expect(batches.flatMap { Array($0) } == Array(0..<count))
    }

    @Test(arguments: ["", "-1", "x", "101%", "-5%", "%", "1.5", "99999999"]) func refusesWhatIsNoNumberOfHosts(
        text: String
    ) {
        #expect(BatchSize(text) == nil)
    }
}
