extension LogrotateParser {
    /// Directives whose value is a text.
    mutating func text(
        _ word: String, _ context: inout Context, _ options: inout LogrotateOptions
    ) throws(Refusal) -> Bool {
        switch word {
        case "dateformat":
            options.dateFormat = context.cursor.value()
            if options.dateFormat == nil { tell(context.place, "argument expected after \(word)") }
        case "create":
            try permissions(word, context.cursor.rest(), &options.createPermissions)
            options.create = true
        case "createolddir":
            try permissions(word, context.cursor.rest(), &options.oldDirPermissions)
            options.createOldDir = true
        case "su": try su(context.cursor.rest(), &options)
        case "olddir": options.oldDir = LogrotateParser.expanded(try path(word, &context), home)
        case "extension": options.fileExtension = try required(word, &context)
        case "addextension": options.addExtension = try required(word, &context)
        case "mail": options.mail = try path(word, &context)
        case "compresscmd":
            let command = try path(word, &context)
            options.compressCommand = command
            let known = ["gzip": ".gz", "bzip2": ".bz2", "xz": ".xz", "zstd": ".zst", "compress": ".Z", "zip": "zip"]
            if let end = known[command.split(separator: "/").last.map(String.init) ?? ""] {
                options.compressExtension = end
            }
        case "uncompresscmd": options.uncompressCommand = try path(word, &context)
        case "compressext": options.compressExtension = try path(word, &context)
        case "compressoptions":
            guard let list = LogrotateWords.split(Array(context.cursor.rest().utf8)), !list.isEmpty else {
                throw .definition("invalid compression options")
            }
            options.compressOptions = list
        case "errors": context.cursor.skipLine()
        default: return false
        }
        return true
    }

    private func path(_ word: String, _ context: inout Context) throws(Refusal) -> String {
        let text = try required(word, &context)
        let isWord = text.unicodeScalars.allSatisfy { scalar in
            scalar != "\u{FFFD}" && !scalar.properties.isWhitespace && scalar.properties.generalCategory != .control
        }
        guard isWord else { throw bad(word, text) }
        return text
    }

    /// `mode owner group`, `owner group`, any of them left out from the end.
    private func permissions(
        _ word: String, _ text: String, _ permissions: inout LogrotateOptions.Permissions
    ) throws(Refusal) {
        var words = text.split(whereSeparator: \.isWhitespace)[...]
        if let first = words.first {
            // sscanf("%ho") takes octal digits from the front; what follows them would be the owner.
            let digits = first.prefix { ("0"..."7").contains($0) }
            if !digits.isEmpty {
                permissions.mode = UInt32(digits.suffix(6), radix: 8).map { $0 & 0o7777 }
                if digits.count == first.count {
                    words.removeFirst()
                } else {
                    words[words.startIndex] = first.dropFirst(digits.count)
                }
            }
        }
        guard words.count <= 2 else { throw .definition("extra arguments for \(word)") }
        if let owner = words.popFirst() { permissions.owner = String(owner) }
        if let group = words.popFirst() { permissions.group = String(group) }
    }

    private func su(_ text: String, _ options: inout LogrotateOptions) throws(Refusal) {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count <= 2 else { throw .definition("extra arguments for su") }
        guard let user = words.first else { throw .definition("no user for su") }
        guard words.count == 2 else { throw .definition("no group for su") }
        options.su = LogrotateOptions.Permissions(owner: user, group: words[1])
    }
}
