/// The 16 bytes that name a whole trace; never all zero. Big-endian, as W3C trace context writes them.
package struct TraceID: Hashable, Sendable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    /// Nil for the invalid, all-zero identifier.
    package init?(high: UInt64, low: UInt64) {
        guard high | low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    /// All 16 bytes random, so that the `random` flag of Level 2 may be set.
    package static func random(using generator: inout some RandomNumberGenerator) -> TraceID {
        while true {
            if let id = TraceID(high: generator.next(), low: generator.next()) { return id }
        }
    }

    /// 32 lower-case hexadecimal digits.
    package var description: String {
        var text = [UInt8]()
        text.reserveCapacity(32)
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    package func append(to text: inout [UInt8]) {
        Hex.append(high, digits: 16, to: &text)
        Hex.append(low, digits: 16, to: &text)
    }
}

/// The 8 bytes that name one span of a trace; never all zero. W3C calls it parent-id on the wire.
package struct SpanID: Hashable, Sendable, CustomStringConvertible {
    package let value: UInt64

    /// Nil for the invalid, all-zero identifier.
    package init?(_ value: UInt64) {
        guard value != 0 else { return nil }
        self.value = value
    }

    package static func random(using generator: inout some RandomNumberGenerator) -> SpanID {
        while true {
            if let id = SpanID(generator.next()) { return id }
        }
    }

    /// 16 lower-case hexadecimal digits.
    package var description: String {
        var text = [UInt8]()
        text.reserveCapacity(16)
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    package func append(to text: inout [UInt8]) {
        Hex.append(value, digits: 16, to: &text)
    }
}

/// The trace-flags byte. Bits that Level 2 does not define are cleared when read, as the specification asks of whoever sends
/// the header on.
package struct TraceFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The caller may have recorded this trace.
    package static let sampled = TraceFlags(rawValue: 0x01)
    /// At least the 7 rightmost bytes of the trace identifier are random (Level 2).
    package static let random = TraceFlags(rawValue: 0x02)

    package static let known: TraceFlags = [.sampled, .random]
}
