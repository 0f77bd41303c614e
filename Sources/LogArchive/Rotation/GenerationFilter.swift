/// Keeps globs such as `/var/log/app/*` from rotating generations again.
///
/// What looks like a generation is one when the log that it would be of is in the same folder or known otherwise. Without
/// that log it is one all the same when no writer would call a log so: `.3` at its end, compressed, or with our own stamp. A
/// bare date is not enough: programs that begin a file a day write `app-20261128.log` themselves.
package enum GenerationFilter {
    /// - Parameters:
    ///   - names: what a glob found in one folder, without the folder.
    ///   - known: names of logs that have been rotated in it before; they may be gone for a moment.
    /// - Returns: Those that are logs, in their order.
    package static func logs(
        among names: [String], _ settings: RotateSettings, known: Set<String> = [], calendar: any CivilCalendar
    ) -> [String] {
        let present = known.union(names)
        return names.filter { !isGeneration($0, settings, present, calendar) }
    }

    private static func isGeneration(
        _ name: String, _ settings: RotateSettings, _ present: Set<String>, _ calendar: any CivilCalendar
    ) -> Bool {
        for (bare, suffixes) in GenerationSuffixes.strips(name) {
            if suffixes.isPartial { return true }
            // Every stamp has a digit, and most logs have none.
            guard bare.utf8.contains(where: isDigit) else { continue }
            for owner in owners(bare, settings) {
                let names = GenerationName(log: owner, settings, calendar: calendar)
                guard owner != name, let generation = names.generation(name) else { continue }
                if present.contains(owner) || isCertain(generation, bare, suffixes) { return true }
            }
        }
        return false
    }

    private static func isCertain(_ generation: GenerationFile, _ bare: String, _ suffixes: GenerationSuffixes) -> Bool
    {
        if suffixes.compression != nil || suffixes.isEncrypted { return true }
        switch generation.stamp {
        case .number: return bare.utf8.last.map(isDigit) == true
        case .time: return GenerationStamp.own(Array(bare.utf8.suffix(GenerationFilter.ownLength))) != nil
        }
    }

    /// `-20261128T134500Z-5f2c`
    private static let ownLength = 22

    /// The logs that `bare` may be a generation of: what stands before each place where a stamp can begin, and that with the
    /// rule's extensions.
    private static func owners(_ bare: String, _ settings: RotateSettings) -> [String] {
        let text = Array(bare.utf8)
        let begins = beginnings(settings)
        let (kept, added) = (settings.fileExtension ?? "", settings.addExtension ?? "")
        // What a generation ends in, and what its log does.
        let ends = [(kept, kept), (added, added), (kept, kept + added)].filter { !$0.0.isEmpty }
        var found: [String] = []
        for index in text.indices where begins(text, index) {
            let stem = String(decoding: text[..<index], as: UTF8.self)
            // Of a log that is called as the extension, `.log`, nothing is left before the stamp.
            if !stem.isEmpty { found.append(stem) }
            for (end, logEnd) in ends where bare.hasSuffix(end) { found.append(stem + logEnd) }
        }
        return found
    }

    /// Whether a stamp can begin at a place: at `.` or `-` before a digit, or with what the rule's format begins with.
    private static func beginnings(_ settings: RotateSettings) -> ([UInt8], Int) -> Bool {
        let first = settings.dateFormat.map { DateFormat($0) }?.pieces.first
        return { text, index in
            let isBeforeDigit = index + 1 < text.count && isDigit(text[index + 1])
            if isBeforeDigit, text[index] == UInt8(ascii: ".") || text[index] == UInt8(ascii: "-") { return true }
            switch first {
            case .literal(let bytes): return text[index...].starts(with: bytes)
            case .field: return isDigit(text[index]) && (index == 0 || !isDigit(text[index - 1]))
            case nil: return false
            }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
