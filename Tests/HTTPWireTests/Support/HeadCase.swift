import HTTPWire
import Testing

/// One row of the conformance tables: what arrives, and in one line what it is taken for. `expected` is either
/// `STATUS reason` of a refusal, `incomplete`, or the summary that `describe` gives.
struct HeadCase: CustomTestStringConvertible, Sendable {
    let name: String
    let input: [UInt8]
    let expected: String
    var limits = HeadLimits()
    var answering = Method.get

    init(_ name: String, _ input: String, _ expected: String) {
        self.name = name
        self.input = Array(input.utf8)
        self.expected = expected
    }

    init(_ name: String, bytes: [UInt8], _ expected: String) {
        self.name = name
        input = bytes
        self.expected = expected
    }

    func limited(_ change: (inout HeadLimits) -> Void) -> HeadCase {
        var copy = self
        change(&copy.limits)
        return copy
    }

    func answering(_ method: Method) -> HeadCase {
        var copy = self
        copy.answering = method
        return copy
    }

    var testDescription: String { name }
}
