package import Base
package import Logging

/// One event as the console shows it.
package struct RecentLogEvent: Sendable, Equatable {
    package let time: WallInstant
    package let level: Logger.Level
    package let label: String
    package let message: String
    /// The fields in logfmt, escaped: `mount=/srv error="input/output error"`.
    package let fields: String

    /// What it weighs against the bound: its text, and its own fields at 64 bytes.
    var weight: Int { 64 + label.utf8.count + message.utf8.count + fields.utf8.count }
}

/// The last events, oldest first. Bound: `countLimit` events and `byteLimit` bytes; the oldest go first.
struct LogHistory {
    static let countLimit = 200
    static let byteLimit = 256 << 10

    /// A ring: `slots` never grows past the limit, `first` is the oldest.
    private var slots: [RecentLogEvent?] = []
    private var first = 0
    private var count = 0
    private var bytes = 0

    mutating func append(_ event: RecentLogEvent) {
        if slots.isEmpty { slots = Array(repeating: nil, count: LogHistory.countLimit) }
        while count > 0 && (count == LogHistory.countLimit || bytes + event.weight > LogHistory.byteLimit) {
            dropFirst()
        }
        slots[(first + count) % LogHistory.countLimit] = event
        count += 1
        bytes += event.weight
    }

    private mutating func dropFirst() {
        bytes -= slots[first]?.weight ?? 0
        slots[first] = nil
        first = (first + 1) % LogHistory.countLimit
        count -= 1
    }

    var events: [RecentLogEvent] {
        (0..<count).compactMap { slots[(first + $0) % LogHistory.countLimit] }
    }
}
