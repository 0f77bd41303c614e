/// The `tracestate` header: what other tracing systems ask us to carry along, in order, newest first.
///
/// Bounds by the specification: 32 members, keys of 256 bytes (`tenant@system`: 241 and 14), values of 256 bytes, so at most
/// 16.4 KB. A list with an invalid member, a key that occurs twice or too many members is dropped whole; the
/// `traceparent` stays valid then. Kept as one string that is ready to be sent.
package struct TraceState: Hashable, Sendable {
    package static let memberLimit = 32
    package static let valueLimit = 256
    package static let empty = TraceState(text: "", count: 0)

    /// The value of the header: `vendor=value,other=value`; empty when there is no member, and then no header is sent.
    package let headerValue: String
    package let count: Int

    package var isEmpty: Bool { count == 0 }

    fileprivate init(text: String, count: Int) {
        headerValue = text
        self.count = count
    }

    /// Nil if the list is invalid. For several header lines use `TraceStateParser`.
    package init?(parsing text: String) {
        var parser = TraceStateParser()
        text.withUTF8Bytes { parser.add(line: $0) }
        guard let state = parser.finish() else { return nil }
        self = state
    }

    /// The value of `key`, or nil.
    package subscript(key: String) -> String? {
        for member in headerValue.split(separator: ",") {
            let parts = member.split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[0] == key { return String(parts[1]) }
        }
        return nil
    }

    /// The list with `key=value` at its front, in place of an older value of that key; the last member goes where the list
    /// is full. Nil if key or value are invalid.
    package func updating(_ key: String, to value: String) -> TraceState? {
        let member = "\(key)=\(value)"
        guard let single = TraceState(parsing: member), single.count == 1, single.headerValue == member else {
            return nil
        }
        let others = headerValue.split(separator: ",").filter { !$0.hasPrefix("\(key)=") }
        let kept = others.prefix(TraceState.memberLimit - 1)
        let text = ([member] + kept.map(String.init)).joined(separator: ",")
        return TraceState(text: text, count: kept.count + 1)
    }
}

/// Reads the `tracestate` lines of one message, in their order, without joining them first.
package struct TraceStateParser {
    private var text: [UInt8] = []
    private var keys: [Range<Int>] = []
    private var isValid = true

    package init() {}

    /// Takes one header line. Empty members between commas are allowed and left out.
    package mutating func add(line: RawSpan) {
        var start = 0
        while isValid, start < line.byteCount {
            let end = line.first(UInt8(ascii: ","), in: start..<line.byteCount)
            let member = line.trimmed(start..<end)
            if !member.isEmpty { add(member: member, of: line) }
            start = end + 1
        }
    }

    /// The list, or nil if something in it is invalid.
    package consuming func finish() -> TraceState? {
        guard isValid else { return nil }
        if keys.isEmpty { return .empty }
        return TraceState(text: String(decoding: text, as: UTF8.self), count: keys.count)
    }

    private mutating func add(member: Range<Int>, of line: RawSpan) {
        let equals = line.first(UInt8(ascii: "="), in: member)
        let (key, value) = (member.lowerBound..<equals, min(equals + 1, member.upperBound)..<member.upperBound)
        guard keys.count < TraceState.memberLimit, equals < member.upperBound, TraceStateParser.isKey(line, key),
            TraceStateParser.isValue(line, value), !hasKey(line, key)
        else {
            isValid = false
            return
        }
        if !text.isEmpty { text.append(UInt8(ascii: ",")) }
        keys.append(text.count..<(text.count + key.count))
        line.extracting(member).withUnsafeBytes { text.append(contentsOf: $0) }
    }

    private func hasKey(_ line: RawSpan, _ key: Range<Int>) -> Bool {
        keys.contains { seen in
            seen.count == key.count && zip(seen, key).allSatisfy { text[$0] == line.byte($1) }
        }
    }

    /// Level 1's grammar, and Level 2's leave to begin a simple key with a digit. Level 2 also takes several `@`; the
    /// test suite of the W3C (and so every peer that passes it) refuses them, and we do too.
    private static func isKey(_ line: RawSpan, _ key: Range<Int>) -> Bool {
        let at = line.first(UInt8(ascii: "@"), in: key)
        guard at < key.upperBound else { return isKeyPart(line, key, limit: 256, digitFirst: true) }
        return isKeyPart(line, key.lowerBound..<at, limit: 241, digitFirst: true)
            && isKeyPart(line, (at + 1)..<key.upperBound, limit: 14, digitFirst: false)
    }

    private static func isKeyPart(_ line: RawSpan, _ part: Range<Int>, limit: Int, digitFirst: Bool) -> Bool {
        guard !part.isEmpty, part.count <= limit else { return false }
        let first = line.byte(part.lowerBound)
        guard isLower(first) || (digitFirst && isDigit(first)) else { return false }
        return part.allSatisfy { index in
            let byte = line.byte(index)
            return isLower(byte) || isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: "*") || byte == UInt8(ascii: "/")
        }
    }

    /// Printable ASCII without `,` and `=`; its last byte is no space because the member is trimmed.
    private static func isValue(_ line: RawSpan, _ value: Range<Int>) -> Bool {
        guard !value.isEmpty, value.count <= TraceState.valueLimit else { return false }
        return value.allSatisfy { index in
            let byte = line.byte(index)
            return byte >= 0x20 && byte <= 0x7E && byte != UInt8(ascii: ",") && byte != UInt8(ascii: "=")
        }
    }

    private static func isLower(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
