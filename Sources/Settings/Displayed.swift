/// Text from a file made safe for a message of one line: control characters escaped, length bounded.
enum Displayed {
    /// The most scalars of a value that a message repeats.
    static let limit = 60

    static func quoted(_ text: String) -> String {
        var shown = "\""
        for scalar in text.unicodeScalars.prefix(limit) {
            switch scalar {
            case "\"": shown += "\\\""
            case "\\": shown += "\\\\"
            case "\n": shown += "\\n"
            case "\t": shown += "\\t"
            default:
                if isSafe(scalar) {
                    shown.unicodeScalars.append(scalar)
                } else {
                    shown += "\\u{\(hexadecimal(scalar))}"
                }
            }
        }
        // The count is asked only where it can exceed the limit, so that a scalar of 5 MB is not walked for a message.
        if text.utf8.count > limit, text.unicodeScalars.dropFirst(limit).first != nil { shown += "…" }
        return shown + "\""
    }

    /// A file's name as it stands before a complaint: only what would break the line is escaped.
    static func name(_ text: String) -> String {
        if text.unicodeScalars.allSatisfy(isSafe) { return text }
        return quoted(text)
    }

    static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
        String(scalar.value, radix: 16, uppercase: true)
    }

    static func isSafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
        default: true
        }
    }
}
