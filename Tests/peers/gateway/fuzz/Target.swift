import HTTPWire

/// libFuzzer's target: any bytes against the invariants of Tests/HTTPWireTests/Fuzz. The last bytes of an input say where
/// it is cut on its way.
nonisolated(unsafe) private let invariants = WireInvariants()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let splits = input.suffix(3).map { Int($0) &* 37 }
    if let violation = invariants.check(input, splits: splits) {
        preconditionFailure(violation)
    }
    return 0
}
