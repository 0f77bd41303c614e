import Base
import Settings

/// Makes a rule of a definition of logs. What a rule cannot say, or says otherwise, becomes a note.
///
/// logrotate's defaults are not ours, so they are written out: `keep: 0`, `ifEmpty: true`, `missingOK: false`, `method: rename`,
/// `create: { skip: true }`, `naming: number`, gzip at level 6, and 1 MiB where no criterion is given.
struct LogrotateTranslator {
    let block: LogrotateBlock
    private(set) var settings = RuleSettings()
    private(set) var notes: [LogrotateImport.Note] = []

    private var options: LogrotateOptions { block.options }

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
        if options.places["errors"] != nil { note("errors", "does nothing in logrotate, either") }
    }

    mutating func note(_ directive: String, _ what: String) {
        notes.append(
            LogrotateImport.Note(place: options.places[directive] ?? block.place, directive: directive, what: what))
    }

    /// In one definition the last criterion wins; outside of it there is only what holds for all.
    private mutating func noteOverridden() {
        for other in [LogrotateOptions.Criterion.size, .hourly, .daily, .weekly, .monthly, .yearly]
        where other != options.criterion {
            guard let place = options.places[other.rawValue], place.file == block.place.file,
                place.line >= block.place.line
            else { continue }
            note(other.rawValue, "\(options.criterion.rawValue) comes after it and wins, as in logrotate")
        }
        if options.addExtension == nil, options.places["addextension"] != nil {
            note("addextension", "logrotate forgets it outside of a definition: it has no effect")
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
                note("minsize", "means nothing below maxsize: what is larger is rotated at once")
                settings.rotate.minSize = ByteCount(options.maxSize)
            } else if isTimed {
                settings.rotate.minSize = ByteCount(options.minSize)
            } else {
                note("minsize", "does nothing with size, in logrotate, either")
            }
        }
        if options.minAgeDays > 0 {
            if isTimed {
                settings.rotate.minAge = days(options.minAgeDays, "minage")
            } else {
                note("minage", "does nothing with size, in logrotate, either")
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
            note("shredcycles", "does nothing without shred, in logrotate, either")
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
            note("renamecopy", "the log is renamed; a copy is made only where oldDir is on another file system")
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
            if options.createOldDir { note("createolddir", "does nothing without olddir, in logrotate, either") }
            return
        }
        guard !folder.split(separator: "/").contains("..") else {
            return note("olddir", "\(folder) holds ..: generations stay beside the log, write the folder's absolute path")
        }
        settings.rotate.oldDir = folder
        if options.createOldDir { settings.rotate.createOldDir = permissions(options.oldDirPermissions) }
    }

    private mutating func translateNames() {
        settings.rotate.naming = options.dateExt ? .date : .number
        if options.dateExt { translateDates() } else { settings.rotate.start = min(options.start, 1_000_000) }
        if options.start > 1_000_000 { note("start", "\(options.start) is lowered to 1000000") }
        settings.rotate.fileExtension = nameable(options.fileExtension, "extension")
        settings.rotate.addExtension = nameable(options.addExtension, "addextension")
    }

    private mutating func nameable(_ text: String?, _ directive: String) -> String? {
        guard let text, text.contains("/") || text.contains("\u{FFFD}") else { return text }
        note(directive, "\(text) cannot be part of a file's name: left out")
        return nil
    }

    private mutating func translateDates() {
        if let format = options.dateFormat.map(LogrotateTranslator.dateFormat) {
            settings.rotate.dateFormat = nameable(format, "dateformat")
            if format.utf8.count > DateFormat.longest {
                settings.rotate.dateFormat = nil
                note("dateformat", "is longer than logrotate takes: left out")
            }
        }
        if options.dateYesterday { settings.rotate.dateOf = .yesterday }
        if options.dateHourAgo {
            if options.dateYesterday {
                note("datehourago", "with dateyesterday only the day of yesterday is in the name")
            } else {
                settings.rotate.dateOf = .hourAgo
            }
        }
    }

    /// logrotate knows fewer letters than we do, and its `%%` is a `%` that does not use up the second one.
    static func dateFormat(_ text: String) -> String {
        var result: [UInt8] = []
        let bytes = Array(text.utf8.drop { $0 == UInt8(ascii: " ") })
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%") {
                if index + 1 < bytes.count, "YmdHMSVs".utf8.contains(bytes[index + 1]) {
                    result += bytes[index...index + 1]
                    index += 1
                } else {
                    result += Array("%%".utf8)
                }
            } else {
                result.append(bytes[index])
            }
            index += 1
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension LogrotateTranslator {
    private mutating func translateCompression() {
        guard options.compress else { return }
        if options.uncompressCommand != nil {
            note("uncompresscmd", "is not needed: apus opens what it compressed")
        }
        settings.rotate.delayCompress = options.delayCompress
        let command = options.compressCommand ?? "gzip"
        let program = command.split(separator: "/").last.map(String.init) ?? command
        var compress = CompressSettings()
        switch program {
        case "gzip", "pigz":
            compress.algorithm = .gzip
            compress.level = 6
        case "zstd", "pzstd", "zstdmt": compress.level = 3
        default: note("compresscmd", "\(program) is not run: zstd takes its place")
        }
        applyOptions(program, &compress)
        settings.compress = compress
        let end = GenerationSuffixes.compression(compress.algorithm)
        if let wanted = options.compressExtension, wanted != end, options.places["compressext"] != nil {
            note("compressext", "compressed generations end in \(end), not in \(wanted)")
        }
    }

    private mutating func applyOptions(_ program: String, _ compress: inout CompressSettings) {
        let isKnown = ["gzip", "pigz", "zstd", "pzstd", "zstdmt"].contains(program)
        let highest = compress.algorithm == .gzip ? 9 : 22
        var level: Int?
        for option in options.compressOptions ?? [] {
            let number = Int(option.dropFirst())
            if isKnown, option.hasPrefix("-"), let number, (1...highest).contains(number) {
                level = number
            } else if isKnown, option == "--fast" {
                level = 1
            } else if compress.algorithm == .gzip, option == "--best" {
                level = 9
            } else if !["-n", "--no-name", "-q", "--quiet", "-f", "--force", "--rsyncable"].contains(option) {
                note("compressoptions", "\(option) is left out")
            }
        }
        // compressoptions replaces logrotate's own -6 by the program's default, which is 6 with gzip and 3 with zstd.
        if let level { compress.level = level }
    }

    private mutating func translateScripts() {
        settings.hooks.firstAction = hook(.firstaction)
        settings.hooks.preRotate = hook(.prerotate)
        settings.hooks.lastAction = hook(.lastaction)
        settings.hooks.preRemove = hook(.preremove)
        translatePostRotate()
        settings.hooks.shared =
            options.sharedScripts && (settings.hooks.preRotate != nil || settings.hooks.postRotate != nil)
    }

    /// As a `reopen` where it is certain what the script does: that runs after the rename and has no arguments.
    private mutating func translatePostRotate() {
        guard let script = options.scripts[.postrotate], settings.rotate.method == .rename else {
            settings.hooks.postRotate = hook(.postrotate)
            return
        }
        var reopen = ReopenSettings()
        switch LogrotateScript(script) {
        case .signal(let signal, let file):
            reopen.signal = ReopenSettings.Signal(rawValue: signal) ?? .HUP
            reopen.pidFile = file
            settings.rotate.reopen = reopen
        case .command(let words):
            reopen.run = words
            settings.rotate.reopen = reopen
        case .shell: settings.hooks.postRotate = hook(.postrotate)
        }
    }

    private mutating func hook(_ script: LogrotateOptions.Script) -> CommandSettings? {
        guard let text = options.scripts[script].map(LogrotateTranslator.trimmed), !text.isEmpty else { return nil }
        guard !text.contains("\u{FFFD}"), !text.unicodeScalars.contains("\0") else {
            note(script.rawValue, "the script is not UTF-8: left out")
            return nil
        }
        var command = CommandSettings()
        command.shell = text
        // logrotate waits for ever.
        command.timeout = .seconds(3600)
        return command
    }

    /// Without the empty lines around it, and without the indentation that all lines have, where that cannot be part of a
    /// text in quotes or of a here document.
    static func trimmed(_ script: String) -> String {
        // By bytes: to Swift a carriage return and a newline are one character.
        var lines = script.utf8.split(separator: LogrotateCursor.newline, omittingEmptySubsequences: false).map { Array($0) }
        func isBlank(_ line: [UInt8]) -> Bool { line.allSatisfy(LogrotateCursor.isSpace) }
        while let first = lines.first, isBlank(first) { lines.removeFirst() }
        while let last = lines.last, isBlank(last) { lines.removeLast() }
        guard let first = lines.first else { return "" }
        var indent = Array(first.prefix(while: LogrotateCursor.isBlank))
        for line in lines where !isBlank(line) {
            indent = zip(indent, line).prefix { $0 == $1 }.map { $0.0 }
        }
        if !mayQuoteLines(lines) {
            lines = lines.map { $0.starts(with: indent) ? Array($0.dropFirst(indent.count)) : [] }
        }
        let text = String(decoding: Array(lines.joined(separator: [LogrotateCursor.newline])), as: UTF8.self)
        return text + (lines.count > 1 ? "\n" : "")
    }

    private static func mayQuoteLines(_ lines: [[UInt8]]) -> Bool {
        lines.contains { line in
            let quotes = "'\"`".utf8.contains { quote in line.count { $0 == quote } % 2 == 1 }
            return quotes || String(decoding: line, as: UTF8.self).contains("<<")
        }
    }
}
