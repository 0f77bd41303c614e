package import Base

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
        let (bare, suffixes) = GenerationSuffixes.strip(name)
        if suffixes.isPartial { return true }
        for owner in owners(bare, settings) {
            let names = GenerationName(log: owner, settings, calendar: calendar)
            guard let generation = names.generation(name) else { continue }
            if present.contains(owner) || isCertain(generation, bare, suffixes) { return true }
        }
        return false
    }

    private static func isCertain(_ generation: GenerationFile, _ bare: String, _ suffixes: GenerationSuffixes) -> Bool {
        if suffixes.compression != nil || suffixes.isEncrypted { return true }
        switch generation.stamp {
        case .number: return bare.utf8.last.map { (0x30...0x39).contains($0) } == true
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
        let ends = [settings.fileExtension, settings.addExtension].compactMap { $0 }
        var found: [String] = []
        for index in text.indices.dropFirst() where begins(text[index - 1], text[index]) {
            let stem = String(decoding: text[..<index], as: UTF8.self)
            found.append(stem)
            for end in ends where bare.hasSuffix(end) { found.append(stem + end) }
        }
        return found
    }

    /// Whether a stamp can begin at a byte that comes after another: at `.`, `-`, or with what the rule's format begins with.
    private static func beginnings(_ settings: RotateSettings) -> (UInt8, UInt8) -> Bool {
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        let first = settings.dateFormat.map { DateFormat($0) }?.pieces.first
        return { before, byte in
            if byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") { return true }
            switch first {
            case .literal(let bytes): return bytes.first == byte
            case .field: return isDigit(byte) && !isDigit(before)
            case nil: return false
            }
        }
    }
}
