package import Base

/// When logrotate last rotated each log: its state file (`/var/lib/logrotate/status`), versions 1 and 2.
///
/// It says less than it seems to: a log that logrotate saw for the first time stands there as rotated then.
package struct LogrotateStatus: Sendable {
    package struct Rotation: Sendable, Equatable {
        package let log: String
        package let at: WallInstant
    }

    package private(set) var rotations: [Rotation] = []
    /// `file:line: what is wrong`; the line is left out, where logrotate would leave out all that follows.
    package private(set) var problems: [String] = []

    private let calendar: any CivilCalendar

    /// - Throws: `read-failed`; `bad-status` for a file that is none.
    package static func read(_ path: String, calendar: any CivilCalendar) throws(ApusError) -> LogrotateStatus {
        let bytes = try Files.read(path, limit: 64 << 20)
        return try LogrotateStatus(bytes, file: path, calendar: calendar)
    }

    init(_ bytes: [UInt8], file: String, calendar: any CivilCalendar) throws(ApusError) {
        self.calendar = calendar
        let lines = bytes.split(separator: LogrotateCursor.newline, omittingEmptySubsequences: false)
        let title = lines.first.map { String(decoding: $0, as: UTF8.self) }
        guard title == "logrotate state -- version 1" || title == "logrotate state -- version 2" else {
            throw ApusError(code: "bad-status", "\(file):1:1: this is no state file of logrotate", kind: .declaration)
        }
        for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
            guard let rotation = rotation(Array(line)) else {
                problems.append("\(file):\(index + 1):1: not `\"LOG\" YEAR-MONTH-DAY-HOUR:MINUTE:SECOND`")
                continue
            }
            rotations.append(rotation)
        }
    }

    private func rotation(_ line: [UInt8]) -> Rotation? {
        guard let (name, rest) = LogrotateStatus.name(line[...]), let at = moment(rest), name.first == "/" else {
            return nil
        }
        return Rotation(log: name, at: at)
    }

    /// The quoted name: `\n` is a line feed, a backslash before anything else is dropped. Version 1 quotes none.
    private static func name(_ line: ArraySlice<UInt8>) -> (name: String, rest: ArraySlice<UInt8>)? {
        guard line.first == UInt8(ascii: "\"") else {
            guard let end = line.firstIndex(where: LogrotateCursor.isBlank) else { return nil }
            return (String(decoding: line[..<end], as: UTF8.self), line[end...])
        }
        var name: [UInt8] = []
        var isEscaped = false
        for (index, byte) in zip(line.indices, line).dropFirst() {
            if isEscaped {
                name.append(byte == UInt8(ascii: "n") ? LogrotateCursor.newline : byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                return (String(decoding: name, as: UTF8.self), line[(index + 1)...])
            } else {
                name.append(byte)
            }
        }
        return nil
    }

    /// `2026-11-28-6:25:1` in local time; version 1 has no time of day.
    private func moment(_ text: ArraySlice<UInt8>) -> WallInstant? {
        let text = String(decoding: text, as: UTF8.self).filter { $0 != " " && $0 != "\t" }
        let fields = text.split(omittingEmptySubsequences: false) { $0 == "-" || $0 == ":" }.map { Int64($0) }
        guard [3, 4, 6].contains(fields.count), !fields.contains(nil) else { return nil }
        let numbers = fields.compactMap { $0 } + Array(repeating: 0, count: 6 - fields.count)
        let bounds: [ClosedRange<Int64>] = [1900...2100, 1...12, 0...31, 0...23, 0...59, 0...59]
        guard zip(numbers, bounds).allSatisfy({ $1.contains($0) }) else { return nil }
        // What an old logrotate wrote for "never".
        guard numbers[0] >= 1970 else { return WallInstant(secondsSince1970: 0) }
        let day = CivilDate.days(year: numbers[0], month: numbers[1], day: numbers[2])
        return calendar.instant(CivilTime(day: day, second: numbers[3] * 3600 + numbers[4] * 60 + numbers[5]))
    }
}
