/// What logrotate's directives set, with its own defaults (`readAllConfigPaths` of config.c, 3.21). Each definition of logs
/// begins with a copy of what holds at its place in the file.
struct LogrotateOptions: Sendable, Equatable {
    enum Criterion: String, Sendable { case size, hourly, daily, weekly, monthly, yearly }
    enum Script: String, Sendable, CaseIterable { case firstaction, prerotate, postrotate, lastaction, preremove }

    /// Mode, owner and group of `create` and `createolddir`, as they are written.
    struct Permissions: Sendable, Equatable {
        var mode: UInt32?
        var owner: String?
        var group: String?
    }

    /// The last of `size`, `hourly`, … wins.
    var criterion = Criterion.size
    var size: Int64 = 1 << 20
    /// 0 is Sunday, 7 each seven days.
    var weekday = 0
    /// 0 is none; so it is with `maxSize`, `minAgeDays` and `maxAgeDays`.
    var minSize: Int64 = 0
    var maxSize: Int64 = 0
    var minAgeDays = 0
    var maxAgeDays = 0
    /// -1 keeps all.
    var rotate = 0
    var start = 1
    var ifEmpty = true
    var missingOK = false
    var copy = false
    var copyTruncate = false
    var renameCopy = false
    var create = false
    var createPermissions = Permissions()
    var su: Permissions?
    var allowHardLink = false
    var oldDir: String?
    var createOldDir = false
    var oldDirPermissions = Permissions()
    var dateExt = false
    var dateFormat: String?
    var dateYesterday = false
    var dateHourAgo = false
    var fileExtension: String?
    var addExtension: String?
    var compress = false
    var delayCompress = false
    var compressCommand: String?
    var uncompressCommand: String?
    var compressExtension: String?
    var compressOptions: [String]?
    var shred = false
    var shredCycles = 0
    var sharedScripts = false
    var scripts: [Script: String] = [:]
    var mail: String?
    var mailFirst = false
    var ignoreDuplicates = false
    /// Where each directive stands that had an effect, for notes.
    var places: [String: LogrotatePlace] = [:]
}

/// A line of a file.
package struct LogrotatePlace: Sendable, Hashable, CustomStringConvertible {
    package let file: String
    package let line: Int

    package var description: String { "\(file):\(line)" }
}

/// A definition of logs: `/var/log/a.log /var/log/b/*.log { … }`.
struct LogrotateBlock: Sendable, Equatable {
    var patterns: [String]
    var place: LogrotatePlace
    var options: LogrotateOptions
}
