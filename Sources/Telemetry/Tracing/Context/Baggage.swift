package import Tracing

/// W3C baggage: small values that an application sends along its requests, in order, each key once.
///
/// Bounds: 64 members and 8192 bytes of header, the least that the specification lets a sender count on. What is above is left
/// out member by member, never cut. Values are plain text here and percent-encoded on the wire.
package struct Baggage: Hashable, Sendable {
    package static let memberLimit = 64
    package static let byteLimit = 8192

    package struct Member: Hashable, Sendable {
        package let key: String
        package var value: String
        /// What stood after the value (`;ttl=60;private`), kept as it came; empty or beginning with `;`.
        package let properties: String
    }

    package private(set) var members: [Member] = []
    /// Members that were left out because they were malformed or past a bound.
    package private(set) var droppedCount = 0
    private var byteCount = 0

    package init() {}

    package var isEmpty: Bool { members.isEmpty }

    package subscript(key: String) -> String? { members.first { $0.key == key }?.value }

    /// Sets `key` to `value`. False, and nothing changed, where the key is no token or a bound would be passed.
    @discardableResult
    package mutating func set(_ key: String, to value: String) -> Bool {
        set(key, to: value, properties: "")
    }

    private mutating func set(_ key: String, to value: String, properties: String) -> Bool {
        guard key.withUTF8Bytes({ BaggageParser.isToken($0, 0..<$0.byteCount) }) else { return false }
        let member = Member(key: key, value: value, properties: properties)
        let size = member.encodedLength
        if let index = members.firstIndex(where: { $0.key == key }) {
            let newCount = byteCount - members[index].encodedLength + size
            guard newCount <= Baggage.byteLimit else { return false }
            members[index] = member
            byteCount = newCount
            return true
        }
        let separator = members.isEmpty ? 0 : 1
        guard members.count < Baggage.memberLimit, byteCount + separator + size <= Baggage.byteLimit else {
            return false
        }
        members.append(member)
        byteCount += separator + size
        return true
    }

    package mutating func remove(_ key: String) {
        guard let index = members.firstIndex(where: { $0.key == key }) else { return }
        byteCount -= members[index].encodedLength + (members.count > 1 ? 1 : 0)
        members.remove(at: index)
    }

    /// The value of the `baggage` header; empty when there is no member, and then no header is sent.
    package var headerValue: String {
        var text = [UInt8]()
        text.reserveCapacity(byteCount)
        for member in members {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            member.append(to: &text)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Adds the members of one header line; of a key that occurs twice the later value holds.
    package mutating func add(line: RawSpan) {
        var start = 0
        while start < line.byteCount {
            let end = line.first(UInt8(ascii: ","), in: start..<line.byteCount)
            let range = line.trimmed(start..<end)
            if !range.isEmpty { add(member: range, of: line) }
            start = end + 1
        }
    }

    package init(parsing text: String) {
        text.withUTF8Bytes { add(line: $0) }
    }

    private mutating func add(member range: Range<Int>, of line: RawSpan) {
        guard let member = BaggageParser.member(line, range),
            set(member.key, to: member.value, properties: member.properties)
        else {
            droppedCount += 1
            return
        }
    }
}

private enum BaggageKey: ServiceContextKey {
    typealias Value = Baggage
    static let nameOverride: String? = "baggage"
}

extension ServiceContext {
    /// What travels along with this task's requests, if anything.
    package var baggage: Baggage? {
        get { self[BaggageKey.self] }
        set { self[BaggageKey.self] = newValue }
    }
}
