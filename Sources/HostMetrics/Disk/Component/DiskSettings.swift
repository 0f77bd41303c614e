import Base
package import Resilience
package import Settings

/// What the `disk` component is configured by:
///
///     disk:
///       interval: 15s
///       mounts: { exclude: [/var/lib/docker/*, /run/user/*] }
///       report: { url: "https://collector.example/disk", headers: { Authorization: "${env:TOKEN}" } }
///       rules:
///         - { name: DiskAlmostFull, metric: usedPercent, above: 90, for: 5m, severity: critical }
///         - { name: DiskSpaceLow, metric: availableBytes, below: 5G, for: 10m, mounts: [/, /srv/*] }
package struct DiskSettings: SettingsGroup {
    package var interval = Duration.seconds(15)
    package var timeout: Duration?
    package var retry = RetrySettings(
        RetryPolicy(maxAttempts: 2, initialBackoff: .milliseconds(200), maxBackoff: .seconds(2)))
    package var mounts = FilterSettings()
    package var fileSystemTypes = FilterSettings()
    package var report: ReportSettings?
    package var rules: [RuleSettings] = []

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "interval", \.interval, .duration(in: .seconds(1) ... .seconds(86_400)), "Time between two samples."),
            SettingsField(
                "timeout", \.timeout, .duration(in: .milliseconds(10) ... .seconds(300)),
                "How long one mount may take to answer, 5s or the interval if that is shorter; the others do not wait for it."
            ),
            SettingsField(
                "retry", \.retry, .group(), "Trying again, within the interval, when a mount answers with an error."),
            SettingsField("mounts", \.mounts, .group(), "Which mount points are sampled, as glob patterns."),
            SettingsField("fileSystemTypes", \.fileSystemTypes, .group(), "Which file system types are sampled."),
            SettingsField("report", \.report, .group(), "Where every sample is posted as JSON; left out: nowhere."),
            SettingsField("rules", \.rules, .list(of: .group(), count: 0...100), "When to raise an alert."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if let timeout, timeout > interval { complaints.error(at: \Self.timeout, "must not be longer than interval") }
        var names: Set<String> = []
        for (index, rule) in rules.enumerated() where !names.insert(rule.name).inserted {
            complaints.error(at: "rules[\(index)].name", "an earlier rule has this name")
        }
    }

    /// The time-out in effect.
    package var sampleTimeout: Duration { timeout ?? min(.seconds(5), interval) }

    package func includes(_ mount: Mount) -> Bool {
        mounts.includes { $0.matches(mount.mountPoint) } && fileSystemTypes.includes { $0.matches(mount.type) }
    }
}

/// Patterns that choose: what any of `include` matches, without what any of `exclude` matches.
package struct FilterSettings: SettingsGroup {
    package var include = ["*"]
    package var exclude: [String] = []

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "include", \.include, .list(of: .nonEmptyString, count: 0...1000),
                "Patterns with * (also across /), ? and [a-z]; at least one must match."),
            SettingsField(
                "exclude", \.exclude, .list(of: .nonEmptyString, count: 0...1000), "Patterns of what is left out."),
        ]
    }

    func includes(_ matches: (GlobPattern) -> Bool) -> Bool {
        include.contains { matches(GlobPattern($0)) } && !exclude.contains { matches(GlobPattern($0)) }
    }
}
