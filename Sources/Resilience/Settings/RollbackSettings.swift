package import Settings

/// `rollback:` in a configuration file: when a reload of the component that has it is taken back.
package struct RollbackSettings: SettingsGroup {
    package var policy = RollbackPolicy()

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "window", \.policy.window, .duration(in: .seconds(1)...RollbackWatch.longestWindow),
                "How long after a reload a breach takes it back."),
            SettingsField(
                "maxErrorRate", \.policy.maxErrorRate, .ratio,
                "Share of requests that may fail; above it the reload is taken back. 100% watches no errors."),
            SettingsField(
                "maxLatencyP99", \.policy.maxLatencyP99, .duration(in: .milliseconds(1) ... .seconds(3600)),
                "The 99th percentile of latency that is still right; above it the reload is taken back."),
            SettingsField(
                "minimumRequests", \.policy.minimumRequests, .integer(in: 1...1_000_000),
                "Nothing is judged on fewer requests."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if policy.maxErrorRate >= 1, policy.maxLatencyP99 == nil {
            complaints.warning(at: \Self.policy.maxErrorRate, "watches nothing, and there is no maxLatencyP99")
        }
    }
}
