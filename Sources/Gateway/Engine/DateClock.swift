import Base
import Glibc
import HTTPWire

/// The Date field, made once a second (RFC 9110, sections 5.6.7 and 6.6.1).
struct DateClock {
    private var second = Int64.min
    private var line: [UInt8] = []

    /// Appends `date: Sat, 28 Nov 2026 22:01:30 GMT` and the line's end.
    mutating func writeDate(to out: WireBuffer, now: MonotonicInstant) {
        let current = now.nanoseconds / 1_000_000_000
        if current != second {
            second = current
            line = Array("date: \(DateClock.text(SystemTime().wallNow()))\r\n".utf8)
        }
        out.append(line)
    }

    /// IMF-fixdate.
    static func text(_ instant: WallInstant) -> String {
        var seconds = time_t(instant.nanosecondsSince1970 / 1_000_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = "\(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
        let time = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return "\(days[Int(parts.tm_wday)]), \(date) \(time) GMT"
    }
}
