import Base

/// All 69 directives of config.c (3.21) and the four that end in scripts of their own.
extension LogrotateParser {
    /// Directives without a value.
    private static let flags: [String: @Sendable (inout LogrotateOptions) -> Void] = [
        "compress": { $0.compress = true }, "nocompress": { $0.compress = false },
        "delaycompress": { $0.delayCompress = true }, "nodelaycompress": { $0.delayCompress = false },
        "shred": { $0.shred = true }, "noshred": { $0.shred = false },
        "allowhardlink": { $0.allowHardLink = true }, "noallowhardlink": { $0.allowHardLink = false },
        "sharedscripts": { $0.sharedScripts = true }, "nosharedscripts": { $0.sharedScripts = false },
        "copytruncate": {
            $0.copyTruncate = true
            $0.renameCopy = false
        }, "nocopytruncate": { $0.copyTruncate = false },
        "renamecopy": {
            $0.renameCopy = true
            $0.copyTruncate = false
        }, "norenamecopy": { $0.renameCopy = false },
        "copy": { $0.copy = true }, "nocopy": { $0.copy = false },
        "ifempty": { $0.ifEmpty = true }, "notifempty": { $0.ifEmpty = false },
        "dateext": { $0.dateExt = true }, "nodateext": { $0.dateExt = false },
        "dateyesterday": { $0.dateYesterday = true }, "datehourago": { $0.dateHourAgo = true },
        "noolddir": { $0.oldDir = nil }, "nocreateolddir": { $0.createOldDir = false },
        "mailfirst": { $0.mailFirst = true }, "maillast": { $0.mailFirst = false }, "nomail": { $0.mail = nil },
        "nocreate": { $0.create = false },
        "hourly": { $0.criterion = .hourly }, "daily": { $0.criterion = .daily },
        "monthly": { $0.criterion = .monthly }, "yearly": { $0.criterion = .yearly },
        "missingok": { $0.missingOK = true }, "nomissingok": { $0.missingOK = false },
        "ignoreduplicates": { $0.ignoreDuplicates = true },
    ]

    mutating func directive(_ context: inout Context, _ options: inout LogrotateOptions) throws(Refusal) {
        let word = context.cursor.word()
        if let byte = context.cursor.byte, !LogrotateCursor.isSpace(byte), byte != UInt8(ascii: "=") {
            throw .definition("the keyword \(word) is not separated from what follows")
        }
        if word == "tabooext" || word == "taboopat" { return try changeTaboo(word, &context) }
        if var block = context.block {
            defer { context.block = block }
            try directive(word, &context, &block.options)
        } else {
            try directive(word, &context, &options)
        }
    }

    private mutating func directive(
        _ word: String, _ context: inout Context, _ options: inout LogrotateOptions
    ) throws(Refusal) {
        if let flag = LogrotateParser.flags[word] {
            flag(&options)
            // What separates it from the next directive, the carriage return of a DOS line included.
            if context.cursor.byte != LogrotateCursor.newline { context.cursor.advance() }
        } else if let script = LogrotateOptions.Script(rawValue: word) {
            guard let text = context.cursor.script() else { throw .file("\(word) without endscript") }
            options.scripts[script] = text
        } else if word == "include" {
            return include(LogrotateParser.expanded(try required(word, &context), home), context, &options)
        } else if try !valued(word, &context, &options) {
            context.cursor.skipLine()
            return tell(context.place, "unknown directive \(word): logrotate ignores the line, too", isError: false)
        }
        options.places[word] = context.place
    }

    private mutating func valued(
        _ word: String, _ context: inout Context, _ options: inout LogrotateOptions
    ) throws(Refusal) -> Bool {
        if try number(word, &context, &options) { return true }
        return try text(word, &context, &options)
    }

    private mutating func changeTaboo(_ word: String, _ context: inout Context) throws(Refusal) {
        guard context.block == nil else { throw .definition("\(word) may not stand in a definition of logs") }
        guard let value = context.cursor.value() else { return tell(context.place, "argument expected after \(word)") }
        taboo.change(value, prefix: word == "tabooext" ? "*" : "")
    }

    func required(_ word: String, _ context: inout Context) throws(Refusal) -> String {
        guard let value = context.cursor.value() else { throw .definition("argument expected after \(word)") }
        return value
    }

    static func expanded(_ path: String, _ home: String) -> String {
        path.hasPrefix("~/") ? home + path.dropFirst() : path
    }

    /// Directives whose value is a number or a size.
    ///
    /// - Returns: Whether `word` is one.
    private mutating func number(
        _ word: String, _ context: inout Context, _ options: inout LogrotateOptions
    ) throws(Refusal) -> Bool {
        switch word {
        case "size", "minsize", "maxsize": try size(word, &context, &options)
        case "weekly": try weekly(&context, &options)
        case "rotate":
            let text = try required(word, &context)
            guard let count = LogrotateNumber.signed(text), count >= -1 else { throw bad(word, text) }
            options.rotate = count
        case "start": options.start = try count(word, &context)
        case "minage": options.minAgeDays = try count(word, &context)
        case "maxage": options.maxAgeDays = try count(word, &context)
        case "shredcycles": options.shredCycles = try count(word, &context)
        default: return false
        }
        return true
    }

    func bad(_ word: String, _ text: String) -> Refusal {
        .definition("bad value of \(word): \(String(text.prefix(60)))")
    }

    private func count(_ word: String, _ context: inout Context) throws(Refusal) -> Int {
        let text = try required(word, &context)
        guard let count = LogrotateNumber.unsigned(text) else { throw bad(word, text) }
        return count
    }

    private mutating func size(
        _ word: String, _ context: inout Context, _ options: inout LogrotateOptions
    ) throws(Refusal) {
        guard let text = context.cursor.value() else { return tell(context.place, "argument expected after \(word)") }
        switch (LogrotateNumber.size(text), word) {
        case (.bytes(let bytes), "size"):
            options.criterion = .size
            options.size = bytes
        case (.bytes(let bytes), "minsize"): options.minSize = bytes
        case (.bytes(let bytes), _): options.maxSize = bytes
        case (.unknownUnit(let unit), _): throw .definition("unknown unit \(unit) of \(word)")
        case (.wrong, _): throw bad(word, text)
        }
    }

    /// The weekday is a single number with nothing after it; otherwise logrotate gives the file up.
    private func weekly(_ context: inout Context, _ options: inout LogrotateOptions) throws(Refusal) {
        let text = context.cursor.rest()
        guard text.isEmpty || (text.allSatisfy(\.isNumber) && Int(text).map { $0 <= 7 } == true) else {
            throw .file("bad value of weekly: \(String(text.prefix(60)))")
        }
        options.criterion = .weekly
        options.weekday = Int(text) ?? 0
    }
}
