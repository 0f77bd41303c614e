import ArgumentParser
import Base
import Glibc
import LogArchive
import Settings

/// A moment on the command line: `2026-11-28T13:00:00Z`, `2026-11-28 13:00`, `2026-11-28`, `13:00` of today, or how long ago:
/// `2h`, `7d`. What names no zone is local time.
struct MomentArgument: ExpressibleByArgument {
    let instant: WallInstant
    /// As it was given.
    let text: String

    init?(argument: String) {
        text = argument
        let now = SystemTime().wallNow()
        if let duration = DurationText.parse(argument) {
            instant = now.advanced(by: .zero - duration)
            return
        }
        guard let whole = MomentArgument.whole(argument, today: MomentArgument.day(now)),
            let instant = WallInstant(rfc3339: whole)
        else { return nil }
        self.instant = instant
    }

    /// `2026-11-28T13:00:00` and a zone, from any of the shorter forms; nil for what is none.
    private static func whole(_ text: String, today: String) -> String? {
        let pattern =
            "^([0-9]{4}-[0-9]{2}-[0-9]{2})?([T ])?([0-9]{2}:[0-9]{2})?(:[0-9]{2}([.,][0-9]{1,9})?)?"
            + "(Z| ?[+-][0-9]{2}:?[0-9]{2})?$"
        guard let parts = groups(pattern, text) else { return nil }
        let (day, separator, minute, second, zone) = (parts[1], parts[2], parts[3], parts[4], parts[6])
        if minute.isEmpty {
            // A day alone.
            return day.isEmpty || !separator.isEmpty || !second.isEmpty ? nil : "\(day)T00:00:00\(zone)"
        }
        guard day.isEmpty == separator.isEmpty else { return nil }
        return "\(day.isEmpty ? today : day)T\(minute)\(second.isEmpty ? ":00" : second)\(zone)"
    }

    /// The local date of a moment.
    private static func day(_ now: WallInstant) -> String {
        var seconds = time_t(now.nanosecondsSince1970 / 1_000_000_000)
        var civil = tm()
        localtime_r(&seconds, &civil)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(civil.tm_year + 1900)-\(two(civil.tm_mon + 1))-\(two(civil.tm_mday))"
    }

    /// What the groups of an extended regular expression match, the whole first; empty for those that match nothing.
    private static func groups(_ pattern: String, _ text: String) -> [String]? {
        var expression = regex_t()
        guard regcomp(&expression, pattern, REG_EXTENDED) == 0 else { return nil }
        defer { regfree(&expression) }
        var matches = [regmatch_t](repeating: regmatch_t(), count: 7)
        guard regexec(&expression, text, matches.count, &matches, 0) == 0 else { return nil }
        let bytes = Array(text.utf8)
        return matches.map { match in
            match.rm_so < 0 ? "" : String(decoding: bytes[Int(match.rm_so)..<Int(match.rm_eo)], as: UTF8.self)
        }
    }
}
