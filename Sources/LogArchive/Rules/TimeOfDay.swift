package import Settings

/// `03:30`: hours and minutes of a local day.
package struct TimeOfDay: Sendable, Hashable {
    package let minutes: Int

    package init(minutes: Int) {
        self.minutes = minutes
    }

    package var text: String {
        let (hour, minute) = (minutes / 60, minutes % 60)
        return "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
    }

    package static func parse(_ text: String) -> TimeOfDay? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hour = Int(parts[0]),
            let minute = Int(parts[1]), (0..<24).contains(hour), (0..<60).contains(minute)
        else { return nil }
        return TimeOfDay(minutes: hour * 60 + minute)
    }
}

extension ValueFormat where Value == TimeOfDay {
    package static var timeOfDay: ValueFormat {
        parsed(
            name: "a time of day", allowed: "hours and minutes such as \"03:30\"", pattern: "^[0-2][0-9]:[0-5][0-9]$",
            parse: { TimeOfDay.parse($0) }, render: { $0.text })
    }
}
