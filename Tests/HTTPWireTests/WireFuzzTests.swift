import Base
import HTTPWire
import TestKit
import Testing

/// Mutations of the conformance tables against the invariants of Fuzz/WireInvariants.swift: no crash, no read beyond the
/// bytes, the same answer however they arrive, what is accepted is what a naive reader accepts and is the same when passed
/// on. 10,000 mutations of each of ten seeds, or as many as APUS_FUZZ_ROUNDS says; by hand Tests/peers/gateway/fuzz.sh goes
/// on with libFuzzer.
@Suite struct WireFuzzTests {
    private static let corpus: [[UInt8]] =
        (acceptedRequests + refusedRequests + framingRequests + responseCases).map(\.input) + chunkedCases.map(\.input)

    private static let rounds = ProcessEnvironment.current()["APUS_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 10_000

    @Test(arguments: 1...10)
    func holdsItsInvariants(seed: UInt64) {
        let invariants = WireInvariants()
        var mutator = Mutator(seed: seed, corpus: WireFuzzTests.corpus)
        for round in 0..<WireFuzzTests.rounds {
            let input = mutator.next()
            if let violation = invariants.check(input, splits: mutator.splits()) {
                Issue.record(
                    "seed \(seed), round \(round): \(violation) of \(String(decoding: input, as: UTF8.self).debugDescription)"
                )
                return
            }
        }
    }
}
