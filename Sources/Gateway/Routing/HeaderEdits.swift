package import HTTPWire
import Settings

/// Changes of a message's headers, ready to be carried out: `drops` for each field that is there, then `append` once.
///
/// For a field that stays, `drops` costs one test of a bit; only a field whose name has the length of one that is
/// dropped is compared. No allocation.
package struct HeaderEdits: Sendable {
    private struct Line: Sendable {
        /// `name: `, in lower case.
        let name: [UInt8]
        let value: TextTemplate
    }

    /// In lower case: what is removed, and what is set anew.
    private var dropped: [[UInt8]] = []
    /// A bit for each length of a dropped name, those from 63 on together.
    private var lengths: UInt64 = 0
    private var lines: [Line] = []
    /// Those that the gateway itself makes, and is not to.
    package private(set) var own: OwnHeaders = []

    /// No changes.
    package init() {}

    /// - Parameter captures: the names of the route's template.
    /// - Throws: `TextTemplate.Problem` for a value that the check of the settings refuses, too.
    package init(_ settings: HeaderEditSettings, captures: [String] = []) throws(TextTemplate.Problem) {
        for name in settings.remove + settings.set.keys { drop(name) }
        for (name, value) in settings.set { try add(name, value, captures) }
        for (name, values) in settings.add {
            for value in values { try add(name, value, captures) }
        }
    }

    private mutating func drop(_ name: String) {
        let bytes = Array(name.lowercased().utf8)
        own.formUnion(OwnHeaders(name.lowercased()))
        dropped.append(bytes)
        lengths |= HeaderEdits.bit(bytes.count)
    }

    private mutating func add(_ name: String, _ value: String, _ captures: [String]) throws(TextTemplate.Problem) {
        lines.append(
            Line(name: Array("\(name.lowercased()): ".utf8), value: try TextTemplate(value, captures: captures)))
    }

    package var isEmpty: Bool { lines.isEmpty && dropped.isEmpty }

    /// Whether a field that came with the message is left out.
    package func drops(_ name: UnsafeRawBufferPointer) -> Bool {
        guard lengths & HeaderEdits.bit(name.count) != 0 else { return false }
        for index in dropped.indices where ASCII.isSame(name, dropped[index]) { return true }
        return false
    }

    /// Appends what is set and added, `name: value\r\n` each.
    package func append(to buffer: WireBuffer, _ values: PlaceholderValues) {
        for index in lines.indices {
            buffer.append(lines[index].name)
            lines[index].value.append(to: buffer, values)
            buffer.append(UInt8(ascii: "\r"))
            buffer.append(UInt8(ascii: "\n"))
        }
    }

    private static func bit(_ length: Int) -> UInt64 { 1 << UInt64(min(length, 63)) }
}

/// Headers that the gateway adds to requests, unless a route removes or sets them itself.
package struct OwnHeaders: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let forwardedFor = OwnHeaders(rawValue: 1)
    package static let forwardedProto = OwnHeaders(rawValue: 1 << 1)
    package static let forwardedHost = OwnHeaders(rawValue: 1 << 2)
    package static let via = OwnHeaders(rawValue: 1 << 3)
    package static let traceparent = OwnHeaders(rawValue: 1 << 4)
    package static let tracestate = OwnHeaders(rawValue: 1 << 5)

    /// - Parameter name: in lower case.
    init(_ name: String) {
        switch name {
        case "x-forwarded-for": self = .forwardedFor
        case "x-forwarded-proto": self = .forwardedProto
        case "x-forwarded-host": self = .forwardedHost
        case "via": self = .via
        case "traceparent": self = .traceparent
        case "tracestate": self = .tracestate
        default: self = []
        }
    }
}
