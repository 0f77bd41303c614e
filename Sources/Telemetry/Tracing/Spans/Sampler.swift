/// Decides at the start of a span whether it is recorded and exported. The names are those of `OTEL_TRACES_SAMPLER`.
package indirect enum Sampler: Hashable, Sendable {
    case alwaysOn
    case alwaysOff
    /// A share of all traces, 0 to 1, decided by the trace identifier alone: every process with the same ratio agrees.
    case traceIDRatio(Double)
    /// Does as the caller did; `root` decides where there is no caller.
    case parentBased(root: Sampler)

    /// What the specification asks for where nothing is configured.
    package static let standard = Sampler.parentBased(root: .alwaysOn)

    /// True to record. The lower half of the identifier is compared, without its last bit, as OpenTelemetry for Go does it.
    package func samples(traceID: TraceID, parent: TraceContext?) -> Bool {
        switch self {
        case .alwaysOn: return true
        case .alwaysOff: return false
        case .traceIDRatio(let ratio):
            if ratio >= 1 { return true }
            guard ratio > 0 else { return false }
            return traceID.low >> 1 < UInt64(ratio * Double(1 << 63 as UInt64))
        case .parentBased(let root):
            guard let parent else { return root.samples(traceID: traceID, parent: nil) }
            return parent.isSampled
        }
    }
}
