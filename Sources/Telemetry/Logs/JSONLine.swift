import Base
import Logging

/// Writes `{"timestamp":"…","level":"info","logger":"apus.disk","message":"…","key":"value"}`.
///
/// Metadata stands beside our own keys (`LogRecord.fieldName`).
enum JSONLine {
    static func append(_ record: LogRecord, to output: inout [UInt8]) {
        let start = output.count
        output.append(contentsOf: "{\"timestamp\":\"".utf8)
        output.append(contentsOf: record.time.rfc3339.utf8)
        output.append(contentsOf: "\",\"level\":\"".utf8)
        output.append(contentsOf: record.level.rawValue.utf8)
        output.append(contentsOf: "\",\"logger\":\"".utf8)
        LogEscape.append(record.label, limit: 128, to: &output)
        output.append(contentsOf: "\",\"message\":\"".utf8)
        LogEscape.append(record.message, limit: LogRecord.longestValue, to: &output)
        output.append(UInt8(ascii: "\""))
        // Room for `,"truncated":true}` and the line feed.
        let end = start + LogRecord.longestLine - 19
        for (key, value) in record.sortedFields {
            let mark = output.count
            appendKey(LogRecord.fieldName(key), to: &output)
            append(value, depth: 0, to: &output)
            if output.count > end {
                output.removeLast(output.count - mark)
                output.append(contentsOf: ",\"truncated\":true".utf8)
                break
            }
        }
        output.append(contentsOf: "}\n".utf8)
    }

    private static func appendKey(_ key: String, to output: inout [UInt8]) {
        output.append(contentsOf: ",\"".utf8)
        LogEscape.append(key, limit: 128, to: &output)
        output.append(contentsOf: "\":".utf8)
    }

    private static func append(_ value: Logger.MetadataValue, depth: Int, to output: inout [UInt8]) {
        switch value {
        case .string(let text): appendString(text, to: &output)
        case .stringConvertible(let value): appendConvertible(value, to: &output)
        case .dictionary, .array:
            if depth >= LogRecord.deepest || output.count > 2 * LogRecord.longestLine {
                appendString("…", to: &output)
            } else {
                appendNested(value, depth: depth, to: &output)
            }
        }
    }

    /// A number or a truth value stays one, so that programs can compare it.
    private static func appendConvertible(_ value: any CustomStringConvertible, to output: inout [UInt8]) {
        switch value {
        case let number as any BinaryInteger: output.append(contentsOf: "\(number)".utf8)
        case let number as Double where number.isFinite: output.append(contentsOf: "\(number)".utf8)
        case let truth as Bool: output.append(contentsOf: "\(truth)".utf8)
        default: appendString(value.description, to: &output)
        }
    }

    private static func appendNested(_ value: Logger.MetadataValue, depth: Int, to output: inout [UInt8]) {
        if case .array(let values) = value {
            output.append(UInt8(ascii: "["))
            for (index, value) in values.prefix(LogRecord.longestLine).enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                append(value, depth: depth + 1, to: &output)
            }
            output.append(UInt8(ascii: "]"))
        } else if case .dictionary(let values) = value {
            let start = output.count
            output.append(UInt8(ascii: "{"))
            for (key, value) in values.sorted(by: { $0.key < $1.key }).prefix(LogRecord.longestLine) {
                appendKey(key, to: &output)
                append(value, depth: depth + 1, to: &output)
            }
            // The first key came with a comma.
            if !values.isEmpty { output.remove(at: start + 1) }
            output.append(UInt8(ascii: "}"))
        }
    }

    private static func appendString(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        LogEscape.append(text, limit: LogRecord.longestValue, to: &output)
        output.append(UInt8(ascii: "\""))
    }
}
