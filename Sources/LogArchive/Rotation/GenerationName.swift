package import Base

/// The names of one log's generations on this host, by the rule's `naming`, and which names in a folder are such.
///
/// A name is stem + stamp + extension + suffixes: `access` `-20261128` `.log` `.zst.enc`. Pure: nothing is looked up.
package struct GenerationName: Sendable {
    /// Where generations lie.
    package let folder: String
    /// The log's name, without `extension` or `addExtension`.
    package let stem: String
    /// What comes after the stamp.
    package let fileExtension: String

    let name: String
    let naming: RotateSettings.Naming
    let start: Int
    let format: DateFormat
    let dateOf: RotateSettings.DateOf
    let calendar: any CivilCalendar

    /// - Parameter log: An absolute path.
    package init(log: String, _ settings: RotateSettings, calendar: any CivilCalendar) {
        let slash = log.lastIndex(of: "/")
        let parent = slash.map { String(log[..<$0]) } ?? "."
        name = slash.map { String(log[log.index(after: $0)...]) } ?? log
        folder = GenerationName.folder(beside: parent, settings.oldDir)
        (stem, fileExtension) = GenerationName.split(name, settings)
        naming = settings.naming
        start = settings.start
        format = settings.dateFormat.map { DateFormat($0) } ?? .standard(every: settings.every)
        dateOf = settings.dateOf
        self.calendar = calendar
    }

    private static func folder(beside parent: String, _ oldDir: String?) -> String {
        guard let oldDir else { return parent.isEmpty ? "/" : parent }
        return oldDir.hasPrefix("/") ? oldDir : "\(parent)/\(oldDir)"
    }

    private func path(_ file: String) -> String { folder.hasSuffix("/") ? folder + file : "\(folder)/\(file)" }

    /// `addExtension` moves to the end, or comes there; `extension` stays there if the name has it, and wins (logrotate).
    private static func split(_ name: String, _ settings: RotateSettings) -> (stem: String, fileExtension: String) {
        var (stem, end) = (name, "")
        if let added = settings.addExtension {
            if stem.hasSuffix(added) { stem.removeLast(added.count) }
            end = added
        }
        if let kept = settings.fileExtension, stem.hasSuffix(kept) {
            stem.removeLast(kept.count)
            end = kept
        }
        return (stem, end)
    }

    /// `/var/log/access.log-20261128T134500Z-5f2c`, without the suffixes of compression and encryption.
    ///
    /// - Parameters:
    ///   - now: the moment of the rotation.
    ///   - token: makes names of `naming: time` unique: the lowest 16 bits are shown.
    ///   - attempt: 0, and one more for each name that was taken; `naming: date` then appends `.2`, `.3`. With `naming: number`
    ///     it is how many newer generations there are: the caller moves those that are in the way first.
    package func path(at now: WallInstant, token: UInt16, attempt: Int = 0) -> String {
        switch naming {
        case .time: path("\(stem)\(GenerationStamp.timeText(now, token))\(fileExtension)")
        case .date: path("\(stem)\(dateText(now))\(attempt == 0 ? "" : ".\(attempt + 1)")\(fileExtension)")
        case .number: path(number: start + attempt)
        }
    }

    /// `/var/log/access.log.3`
    package func path(number: Int) -> String { path("\(stem).\(number)\(fileExtension)") }

    private func dateText(_ now: WallInstant) -> String {
        format.text(at: GenerationName.moment(dateOf, now, calendar), calendar: calendar)
    }

    /// Yesterday is noon of the day before, whatever daylight saving does in between (logrotate).
    static func moment(
        _ dateOf: RotateSettings.DateOf, _ now: WallInstant, _ calendar: any CivilCalendar
    ) -> WallInstant {
        switch dateOf {
        case .now: return now
        case .hourAgo: return now.advanced(by: .seconds(-3600))
        case .yesterday:
            let time = calendar.civil(now)
            return calendar.instant(CivilTime(day: time.day - 1, second: 12 * 3600 + time.second % 3600))
        }
    }
}

extension GenerationName {
    /// What `file` (a name without folder) is to this log.
    ///
    /// - Returns: Nil for what is no generation of it, the log itself included.
    package func generation(_ file: String) -> GenerationFile? {
        for (bare, suffixes) in GenerationSuffixes.strips(file) {
            if let stamp = stamp(of: bare) { return GenerationFile(name: file, stamp: stamp, suffixes: suffixes) }
        }
        return nil
    }

    /// Whether only `naming: time` can have given that name to a generation of this log.
    func isOwn(_ file: String) -> Bool {
        GenerationSuffixes.strips(file).contains { bare, suffixes in
            guard !suffixes.isPartial, bare.hasPrefix(stem), bare.hasSuffix(fileExtension),
                bare.utf8.count > stem.utf8.count + fileExtension.utf8.count
            else { return false }
            let text = Array(bare.utf8.dropFirst(stem.utf8.count).dropLast(fileExtension.utf8.count))
            if case .time = GenerationStamp.own(text) { return true }
            return false
        }
    }

    private func stamp(of bare: String) -> GenerationStamp? {
        // A log may have been rotated by others: without the extensions of this rule.
        for (start, end) in [(stem, fileExtension), (name, "")] {
            guard bare.hasPrefix(start), bare.hasSuffix(end), bare.utf8.count > start.utf8.count + end.utf8.count
            else { continue }
            if let stamp = stamp(Array(bare.utf8.dropFirst(start.utf8.count).dropLast(end.utf8.count))) { return stamp }
        }
        return nil
    }

    private static let foreignFormats = [DateFormat.standard(every: nil), .standard(every: .hour)]

    private func stamp(_ text: [UInt8]) -> GenerationStamp? {
        if let own = GenerationStamp.own(text) { return own }
        for format in [format] + GenerationName.foreignFormats {
            if let date = GenerationStamp.date(text, format, calendar) { return date }
        }
        return nil
    }
}

/// One file that is a generation of a log.
package struct GenerationFile: Sendable, Equatable {
    package let name: String
    package let stamp: GenerationStamp
    package let suffixes: GenerationSuffixes
}
