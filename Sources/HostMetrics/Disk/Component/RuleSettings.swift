import Base
package import Settings

/// One rule as it stands in a file.
package struct RuleSettings: SettingsGroup {
    package var name = ""
    package var metric = AlertRule.Metric.usedPercent
    package var above: Threshold?
    package var below: Threshold?
    package var duration = Duration.zero
    package var mounts = ["*"]
    package var severity = AlertRule.Severity.warning

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("name", \.name, .nonEmptyString, "The alert's name, unlike any other.", required: true),
            SettingsField("metric", \.metric, .choice(), "What is looked at.", required: true),
            SettingsField("above", \.above, .threshold, "Alert when the figure is this or more."),
            SettingsField("below", \.below, .threshold, "Alert when the figure is this or less."),
            SettingsField(
                "for", \.duration, .duration(in: .zero ... .seconds(604_800)),
                "How long it must be so without a break, counted from sample to sample."),
            SettingsField(
                "mounts", \.mounts, .oneOrMany(of: .nonEmptyString, count: 1...1000),
                "Mount points that the rule is about, as patterns with *, ? and [a-z]."),
            SettingsField("severity", \.severity, .choice(), "How bad it is."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        guard metric.needsLimit else {
            if above != nil { complaints.error(at: \Self.above, "the metric \(metric.rawValue) takes no limit") }
            if below != nil { complaints.error(at: \Self.below, "the metric \(metric.rawValue) takes no limit") }
            return
        }
        if (above == nil) == (below == nil) {
            complaints.error(at: \Self.metric, "\(metric.rawValue) needs one of above and below")
        }
        for (field, limit) in [(\Self.above, above), (\Self.below, below)] {
            guard let limit, metric != .availableBytes, limit.value > 100 else { continue }
            complaints.error(at: field, "a percentage is at most 100")
        }
    }

    package var rule: AlertRule {
        let condition: AlertRule.Condition =
            if let above { .atLeast(above.value) } else if let below { .atMost(below.value) } else { .holds }
        return AlertRule(
            name: name, metric: metric, condition: condition, for: duration, mounts: mounts.map { GlobPattern($0) },
            severity: severity)
    }
}

/// A limit as people write it: `90`, `90%`, `12.5%` or `5G`.
package struct Threshold: Sendable, Equatable {
    package let value: Double
    let text: String

    package init?(_ text: String) {
        let number = text.hasSuffix("%") ? String(text.dropLast()) : text
        guard let first = number.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
        if let plain = Double(number), plain.isFinite {
            value = plain
        } else if number == text, let count = ByteCountText.parse(text) {
            value = Double(count.bytes)
        } else {
            return nil
        }
        self.text = text
    }
}

extension ValueFormat where Value == Threshold {
    fileprivate static var threshold: ValueFormat {
        parsed(
            name: "a limit", allowed: "a percentage such as 90 or 12.5%, or a number of bytes such as 5G",
            pattern: #"^[0-9]+(\.[0-9]+)?(%|[kKMGTP](i?B)?|B)?$"#, numbers: 0...Double.infinity,
            parse: { Threshold($0) }, render: { $0.text })
    }
}
