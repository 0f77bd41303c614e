package import Base
package import Settings

/// `rotate:` of a rule. A log is rotated when any of `size`, `maxSize` or `every` says so, where `minSize` and `minAge` can hold
/// `every` back (`RotationSchedule`); with none of the three, only `--force` rotates it.
package struct RotateSettings: SettingsGroup {
    package enum Every: String, Sendable, CaseIterable { case hour, day, week, month, year }
    package enum Weekday: String, Sendable, CaseIterable {
        case sunday, monday, tuesday, wednesday, thursday, friday, saturday
    }
    package enum Method: String, Sendable, CaseIterable {
        /// Rename where the writer is told to reopen or nobody writes; otherwise truncate, without loss where that can be.
        case auto
        case rename, copytruncate, copy
    }
    package enum Naming: String, Sendable, CaseIterable {
        /// `access.log-20261128T134500Z-5f2c`: never used twice.
        case time
        /// `access.log-20261128`, by `dateFormat`.
        case date
        /// `access.log.1` is the newest.
        case number
    }
    package enum DateOf: String, Sendable, CaseIterable { case now, hourAgo, yesterday }

    package var keep: Int?
    package var keepAge: Duration?
    package var keepBytes: ByteCount?
    package var size: ByteCount?
    package var every: Every?
    package var weekday = Weekday.sunday
    package var sevenDays = false
    package var at: TimeOfDay?
    package var minSize: ByteCount?
    package var maxSize: ByteCount?
    package var minAge: Duration?
    package var ifEmpty = false
    package var method = Method.auto
    package var reopen: ReopenSettings?
    package var create = CreateSettings()
    package var su: AccountSettings?
    package var allowHardLinks = false
    package var oldDir: String?
    package var createOldDir: CreateSettings?
    package var naming = Naming.time
    package var dateFormat: String?
    package var dateOf = DateOf.now
    package var start = 1
    package var fileExtension: String?
    package var addExtension: String?
    package var delayCompress = false
    package var shredCycles: Int?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "keep", \.keep, .integer(in: 0...1_000_000),
                "Generations that stay on this host. Left out: all without upload; with it none, once they are stored, "
                    + "unless keepAge or keepBytes says how long."),
            SettingsField("keepAge", \.keepAge, .duration(), "Older generations go from this host."),
            SettingsField("keepBytes", \.keepBytes, .byteCount(), "The oldest go while there is more than this here."),
            SettingsField("size", \.size, .byteCount(), "Rotate a log of at least this size, at any time."),
            SettingsField("every", \.every, .choice(), "Rotate when another hour, day, … has begun."),
            SettingsField("weekday", \.weekday, .choice(), "On which day a week begins, for every: week."),
            SettingsField(
                "sevenDays", \.sevenDays, .bool, "A week is seven days after the last rotation, on whatever day."),
            SettingsField(
                "at", \.at, .timeOfDay, "When the day begins for every: day, week, month and year, in local time."),
            SettingsField("minSize", \.minSize, .byteCount(), "Do not rotate by every what is smaller."),
            SettingsField(
                "maxSize", \.maxSize, .byteCount(), "Rotate a log that is larger, before the time of every has come."),
            SettingsField(
                "minAge", \.minAge, .duration(), "Do not rotate by every what was written to within this time."),
            SettingsField("ifEmpty", \.ifEmpty, .bool, "Rotate empty logs, too."),
            SettingsField("method", \.method, .choice(), "How a log becomes a generation."),
            SettingsField("reopen", \.reopen, .group(), "How the writer is told that its log has been renamed."),
            SettingsField("create", \.create, .group(), "The new log after a rename."),
            SettingsField(
                "su", \.su, .group(), "Work in the log's folder as this user, where others than root own it."),
            SettingsField("allowHardLinks", \.allowHardLinks, .bool, "Rotate logs that have a second name, too."),
            SettingsField("oldDir", \.oldDir, .path, "The folder for generations, absolute or beside the log."),
            SettingsField("createOldDir", \.createOldDir, .group(), "Make oldDir where it is missing."),
            SettingsField("naming", \.naming, .choice(), "How generations on this host are called."),
            SettingsField(
                "dateFormat", \.dateFormat, .nonEmptyString,
                "For naming: date, with %Y %m %d %H %M %S %V %s %Z; left out: -%Y%m%d, with every: hour -%Y%m%d%H."),
            SettingsField("dateOf", \.dateOf, .choice(), "Which moment is in the name."),
            SettingsField("start", \.start, .integer(in: 0...1_000_000), "The first number of naming: number."),
            SettingsField(
                "extension", \.fileExtension, .nonEmptyString, "Stays at the end: my.log becomes my.1.log for .log."),
            SettingsField("addExtension", \.addExtension, .nonEmptyString, "Comes to the end of each generation."),
            SettingsField("delayCompress", \.delayCompress, .bool, "Leave the newest generation as it is."),
            SettingsField(
                "shredCycles", \.shredCycles, .integer(in: 1...100), "Overwrite so many times before deletion."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if let minSize, let maxSize, maxSize.bytes > 0, maxSize < minSize {
            complaints.error(at: \Self.maxSize, "must not be less than minSize")
        }
        if let oldDir, oldDir.split(separator: "/").contains("..") {
            complaints.error(at: \Self.oldDir, "must not hold ..")
        }
        if method == .copy, create != CreateSettings() {
            complaints.warning(at: \Self.create, "means nothing with method: copy")
        }
        checkTimes(&complaints)
        checkNames(&complaints)
    }

    private func checkTimes(_ complaints: inout SettingsChecker) {
        if every == nil {
            let idle: [(PartialKeyPath<Self>, Bool)] = [
                (\.minSize, minSize != nil), (\.minAge, minAge != nil), (\.at, at != nil),
            ]
            for (field, isGiven) in idle where isGiven { complaints.warning(at: field, "means nothing without every") }
        }
        if at != nil, every == .hour { complaints.warning(at: \Self.at, "means nothing with every: hour") }
        if every != .week {
            let idle: [(PartialKeyPath<Self>, Bool)] = [(\.sevenDays, sevenDays), (\.weekday, weekday != .sunday)]
            for (field, isGiven) in idle where isGiven {
                complaints.warning(at: field, "means nothing without every: week")
            }
        } else if sevenDays, weekday != .sunday {
            complaints.warning(at: \Self.weekday, "means nothing with sevenDays")
        }
        if createOldDir != nil, oldDir == nil {
            complaints.warning(at: \Self.createOldDir, "means nothing without oldDir")
        }
    }

    private func checkNames(_ complaints: inout SettingsChecker) {
        let parts: [(PartialKeyPath<Self>, String?)] = [
            (\.dateFormat, dateFormat), (\.fileExtension, fileExtension), (\.addExtension, addExtension),
        ]
        for (field, text) in parts where text?.utf8.contains(UInt8(ascii: "/")) == true {
            complaints.error(at: field, "must not hold /: it becomes part of a file's name")
        }
        if naming != .number, start != 1 { complaints.warning(at: \Self.start, "means nothing without naming: number") }
        if naming == .number, dateOf != .now {
            complaints.warning(at: \Self.dateOf, "means nothing with naming: number")
        }
        guard let dateFormat else { return }
        if dateFormat.utf8.count > DateFormat.longest {
            complaints.error(at: \Self.dateFormat, "must not have more than \(DateFormat.longest) bytes")
        }
        if naming != .date {
            complaints.warning(at: \Self.dateFormat, "means nothing without naming: date")
        } else if !DateFormat(dateFormat).tellsDays {
            complaints.warning(at: \Self.dateFormat, "gives two days the same name: the later generation gets a number")
        }
    }
}
