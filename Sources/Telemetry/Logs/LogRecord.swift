import Base
import Logging

/// One event, ready to be written: everything resolved, nothing rendered.
struct LogRecord {
    /// The most bytes of a line with its line feed: PIPE_BUF, so that one write(2) to a pipe is never mixed with another
    /// process's and never stops half-way.
    static let longestLine = 4096
    /// The most bytes of one value as it is written.
    static let longestValue = 1024
    /// How deep dictionaries and arrays are followed; deeper ones are written as `…`.
    static let deepest = 6

    var time: WallInstant
    var level: Logger.Level
    var label: String
    var message: String
    var metadata: Logger.Metadata

    /// Fields in the order of their keys, so that equal events make equal lines.
    var sortedFields: [(key: String, value: Logger.MetadataValue)] {
        metadata.sorted { $0.key < $1.key }
    }

    /// The name under which a key of metadata is written. One that is ours, or begins with `metadata.`, gets `metadata.`
    /// before it: ours cannot be overwritten, and no two keys become one.
    static func fieldName(_ key: String) -> String {
        ours.contains(key) || key.hasPrefix("metadata.") ? "metadata." + key : key
    }

    private static let ours: Set<String> = ["timestamp", "level", "logger", "message", "truncated"]
}
