/// From where on a file system is too full, in percent as `df` shows them. A figure equal to a limit counts.
package struct UsageLimits: Sendable, Equatable {
    package var warn: Int?
    package var fail: Int?

    package init(warn: Int? = nil, fail: Int? = nil) {
        self.warn = warn
        self.fail = fail
    }

    package func level(_ percent: Int?) -> UsageLevel {
        guard let percent else { return .unknown }
        if let fail, percent >= fail { return .critical }
        if let warn, percent >= warn { return .warning }
        return .ok
    }

    /// The worse of blocks and inodes: a disk without a free inode takes no further file either.
    package func level(_ sample: MountSample) -> UsageLevel {
        max(level(sample.figures?.usePercent), level(sample.figures?.inodesUsePercent))
    }
}

package enum UsageLevel: Int, Sendable, Comparable {
    case unknown
    case ok
    case warning
    case critical

    package static func < (left: UsageLevel, right: UsageLevel) -> Bool { left.rawValue < right.rawValue }
}
