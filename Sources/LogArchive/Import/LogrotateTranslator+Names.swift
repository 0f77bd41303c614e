import Base

/// How generations are called.
extension LogrotateTranslator {
    mutating func translateNames() {
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
