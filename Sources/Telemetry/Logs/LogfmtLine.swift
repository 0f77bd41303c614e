import Base
import Logging

/// Writes `timestamp=… level=warning logger=apus.disk message="sample failed" error="input/output error" mount=/srv`,
/// and the fields alone for the console page.
///
/// `key=value`, quoted where a blank, a quotation mark, `=` or an escape makes it necessary. Dictionaries become dotted keys (`request.path=/`), arrays numbered ones (`names.0=a`).
enum LogfmtLine {
    static func append(_ record: LogRecord, colour: Bool, to output: inout [UInt8]) {
        let start = output.count
        output.append(contentsOf: "timestamp=".utf8)
        output.append(contentsOf: record.time.rfc3339.utf8)
        output.append(contentsOf: " level=".utf8)
        appendLevel(record.level, colour: colour, to: &output)
        output.append(contentsOf: " logger=".utf8)
        appendValue(record.label, limit: 128, to: &output)
        output.append(contentsOf: " message=".utf8)
        appendValue(record.message, limit: LogRecord.longestValue, to: &output)
        appendFields(record, end: start + LogRecord.longestLine - 1, to: &output)
        output.append(UInt8(ascii: "\n"))
    }

    /// ` key=value` for every field, never past the index `end`.
    static func appendFields(_ record: LogRecord, end: Int, to output: inout [UInt8]) {
        let truncated = " truncated=true"
        for (key, value) in record.sortedFields {
            let mark = output.count
            append(LogRecord.fieldName(key), value, depth: 0, to: &output)
            if output.count > end - truncated.utf8.count {
                output.removeLast(output.count - mark)
                output.append(contentsOf: truncated.utf8)
                return
            }
        }
    }

    private static func appendLevel(_ level: Logger.Level, colour: Bool, to output: inout [UInt8]) {
        if colour { LogColour.start(level).withUTF8Buffer { output.append(contentsOf: $0) } }
        output.append(contentsOf: level.rawValue.utf8)
        if colour { LogColour.end.withUTF8Buffer { output.append(contentsOf: $0) } }
    }

    private static func append(_ key: String, _ value: Logger.MetadataValue, depth: Int, to output: inout [UInt8]) {
        switch value {
        case .string(let text): appendPair(key, text, to: &output)
        case .stringConvertible(let value): appendPair(key, value.description, to: &output)
        case .dictionary, .array:
            if depth >= LogRecord.deepest || output.count > 2 * LogRecord.longestLine {
                appendPair(key, "…", to: &output)
            } else {
                appendNested(key, value, depth: depth, to: &output)
            }
        }
    }

    private static func appendNested(
        _ key: String, _ value: Logger.MetadataValue, depth: Int, to output: inout [UInt8]
    ) {
        if case .array(let values) = value {
            if values.isEmpty { appendPair(key, "[]", to: &output) }
            for (index, value) in values.prefix(LogRecord.longestLine).enumerated() {
                append("\(key).\(index)", value, depth: depth + 1, to: &output)
            }
        } else if case .dictionary(let values) = value {
            if values.isEmpty { appendPair(key, "{}", to: &output) }
            for (inner, value) in values.sorted(by: { $0.key < $1.key }).prefix(LogRecord.longestLine) {
                append("\(key).\(inner)", value, depth: depth + 1, to: &output)
            }
        }
    }

    private static func appendPair(_ key: String, _ value: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: " "))
        appendKey(key, to: &output)
        output.append(UInt8(ascii: "="))
        appendValue(value, limit: LogRecord.longestValue, to: &output)
    }

    /// What a key cannot hold becomes `_`; at most 128 bytes, more or less the last character.
    private static func appendKey(_ key: String, to output: inout [UInt8]) {
        if key.isEmpty { output.append(UInt8(ascii: "_")) }
        let end = output.count + 128
        for scalar in key.unicodeScalars {
            if output.count >= end { return }
            let isAllowed =
                scalar.value > 0x20 && scalar != "=" && scalar != "\"" && scalar != "\\" && !LogEscape.isUnsafe(scalar)
                && !scalar.properties.isWhitespace
            if isAllowed { output.append(contentsOf: String(scalar).utf8) } else { output.append(UInt8(ascii: "_")) }
        }
    }

    private static func appendValue(_ value: String, limit: Int, to output: inout [UInt8]) {
        let start = output.count
        LogEscape.append(value, limit: limit, to: &output)
        let isBare =
            output.count > start
            && output[start...].allSatisfy { byte in
                byte > 0x20 && byte != UInt8(ascii: "=") && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
                    && byte < 0x7f
            }
        if isBare { return }
        output.insert(UInt8(ascii: "\""), at: start)
        output.append(UInt8(ascii: "\""))
    }
}
