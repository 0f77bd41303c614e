import Base
import Settings

/// Makes a rule of a definition of logs. What a rule cannot say, or says otherwise, becomes a note.
///
/// logrotate's defaults are not ours, so they are written out: `keep: 0`, `ifEmpty: true`, `missingOK: false`, `method: rename`,
/// `create: { skip: true }`, `naming: number`, gzip at level 6, and 1 MiB where no criterion is given.
struct LogrotateTranslator {
    let block: LogrotateBlock
    var settings = RuleSettings()
    private(set) var notes: [LogrotateImport.Note] = []

    var options: LogrotateOptions { block.options }

    /// - Returns: Nil `settings` in effect where `paths` is empty: nothing of the definition can be said.
    init(_ block: LogrotateBlock, home: String) {
        self.block = block
        translatePaths(home)
        settings.missingOK = options.missingOK
        translateTime()
        translateRetention()
        translateMethod()
        translateOldDir()
        translateNames()
        translateCompression()
        translateScripts()
        noteOverridden()
        if options.mail != nil {
            note("mail", "generations are not mailed: upload stores them, hooks.preRemove can send them")
        }
        if options.places["errors"] != nil { hint("errors", "does nothing in logrotate, either") }
    }

    mutating func note(_ directive: String, _ what: String, isHint: Bool = false) {
        notes.append(
            LogrotateImport.Note(
                place: options.places[directive] ?? block.place, directive: directive, what: what, isHint: isHint))
    }

    /// A note by which nothing is lost.
    mutating func hint(_ directive: String, _ what: String) { note(directive, what, isHint: true) }

    /// In one definition the last criterion wins; outside of it there is only what holds for all.
    private mutating func noteOverridden() {
        for other in [LogrotateOptions.Criterion.size, .hourly, .daily, .weekly, .monthly, .yearly]
        where other != options.criterion {
            guard let place = options.places[other.rawValue], place.file == block.place.file,
                place.line >= block.place.line
            else { continue }
            hint(other.rawValue, "\(options.criterion.rawValue) comes after it and wins, as in logrotate")
        }
        if options.addExtension == nil, options.places["addextension"] != nil {
            hint("addextension", "logrotate forgets it outside of a definition: it has no effect")
        }
    }

    private mutating func translatePaths(_ home: String) {
        var seen = Set<String>()
        for pattern in block.patterns {
            let path = LogrotateParser.expanded(pattern, home)
            if path != pattern { note("~", "\(pattern) is \(path) for the user who imports") }
            if !path.hasPrefix("/") {
                note("paths", "\(pattern) is relative to wherever logrotate is started: left out")
            } else if path.contains("\u{FFFD}") || path.unicodeScalars.contains("\0") {
                note("paths", "\(pattern) is not UTF-8: left out")
            } else if settings.paths.count == 1000 {
                return note("paths", "more than 1000 paths: the rest is left out")
            } else if seen.insert(path).inserted {
                settings.paths.append(path)
            }
        }
    }

    private mutating func translateTime() {
        let everies: [LogrotateOptions.Criterion: RotateSettings.Every] = [
            .hourly: .hour, .daily: .day, .weekly: .week, .monthly: .month, .yearly: .year,
        ]
        settings.rotate.every = everies[options.criterion]
        if options.criterion == .size { settings.rotate.size = ByteCount(options.size) }
        if options.criterion == .weekly {
            if options.weekday == 7 {
                settings.rotate.sevenDays = true
            } else {
                settings.rotate.weekday = RotateSettings.Weekday.allCases[options.weekday]
            }
        }
        if options.maxSize > 0 { settings.rotate.maxSize = ByteCount(options.maxSize) }
        settings.rotate.ifEmpty = options.ifEmpty
        translateBounds()
    }

    /// Bounds that hold a rotation by time back; they are silent with `size`.
    private mutating func translateBounds() {
        let isTimed = options.criterion != .size
        if options.minSize > 0 {
            if isTimed, options.maxSize > 0, options.maxSize < options.minSize {
                hint("minsize", "means nothing below maxsize: what is larger is rotated at once")
                settings.rotate.minSize = ByteCount(options.maxSize)
            } else if isTimed {
                settings.rotate.minSize = ByteCount(options.minSize)
            } else {
                hint("minsize", "does nothing with size, in logrotate, either")
            }
        }
        if options.minAgeDays > 0 {
            if isTimed {
                settings.rotate.minAge = days(options.minAgeDays, "minage")
            } else {
                hint("minage", "does nothing with size, in logrotate, either")
            }
        }
    }

    private mutating func days(_ count: Int, _ directive: String) -> Duration {
        guard count > 36_525 else { return .seconds(count * 86_400) }
        note(directive, "\(count) days are shortened to a century")
        return DurationText.century
    }

    private mutating func translateRetention() {
        if options.rotate >= 0 {
            settings.rotate.keep = min(options.rotate, 1_000_000)
            if options.rotate > 1_000_000 { note("rotate", "\(options.rotate) is lowered to 1000000") }
        }
        if options.maxAgeDays > 0 { settings.rotate.keepAge = days(options.maxAgeDays, "maxage") }
        if options.shred {
            // shred(1) overwrites three times unless it is told otherwise.
            let cycles = options.shredCycles == 0 ? 3 : options.shredCycles
            settings.rotate.shredCycles = min(cycles, 100)
            if cycles > 100 { note("shredcycles", "\(cycles) is lowered to 100") }
        } else if options.shredCycles > 0 {
            hint("shredcycles", "does nothing without shred, in logrotate, either")
        }
    }

    private mutating func translateMethod() {
        settings.rotate.allowHardLinks = options.allowHardLink
        if let su = options.su {
            var account = AccountSettings()
            account.user = su.owner ?? ""
            account.group = su.group ?? ""
            settings.rotate.su = account
        }
        if options.copyTruncate || options.copy {
            settings.rotate.method = options.copyTruncate ? .copytruncate : .copy
            return
        }
        settings.rotate.method = .rename
        if options.renameCopy {
            let isElsewhere = options.oldDir?.hasPrefix("/") == true
            note(
                "renamecopy",
                "the log is renamed, never copied: oldDir must be on the same file system, or method be copytruncate",
                isHint: !isElsewhere)
        }
        if options.create {
            settings.rotate.create = permissions(options.createPermissions)
        } else {
            settings.rotate.create.skip = true
        }
    }

    private func permissions(_ permissions: LogrotateOptions.Permissions) -> CreateSettings {
        var create = CreateSettings()
        create.mode = permissions.mode
        create.owner = permissions.owner
        create.group = permissions.group
        return create
    }

    private mutating func translateOldDir() {
        guard let folder = options.oldDir else {
            if options.createOldDir { hint("createolddir", "does nothing without olddir, in logrotate, either") }
            return
        }
        guard !folder.split(separator: "/").contains("..") else {
            return note(
                "olddir", "\(folder) holds ..: generations stay beside the log, write the folder's absolute path")
        }
        settings.rotate.oldDir = folder
        if options.createOldDir { settings.rotate.createOldDir = permissions(options.oldDirPermissions) }
    }
}
