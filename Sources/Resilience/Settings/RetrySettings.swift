package import Settings

/// `retry:` in a configuration file.
package struct RetrySettings: SettingsGroup {
    package var policy = RetryPolicy()

    package init() {}

    /// Defaults of one's own.
    package init(_ policy: RetryPolicy) {
        self.policy = policy
    }

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "attempts", \.policy.maxAttempts, .integer(in: 1...100),
                "Tries in all, the first one included; 1 never retries."),
            SettingsField(
                "initialBackoff", \.policy.initialBackoff, .duration(in: .zero ... .seconds(3600)),
                "Ceiling of the wait before the first retry."),
            SettingsField(
                "maxBackoff", \.policy.maxBackoff, .duration(in: .zero ... .seconds(86_400)),
                "No backoff is longer."),
            SettingsField(
                "multiplier", \.policy.multiplier, .number(in: 1...100),
                "The ceiling grows by this factor with each retry."),
            SettingsField(
                "jitter", \.policy.jitter, .choice(),
                "How waits are spread: full is uniform in [0, ceiling], equal in its upper half."),
            SettingsField(
                "maxElapsed", \.policy.maxElapsed, .duration(in: .milliseconds(1) ... .seconds(86_400 * 7)),
                "No retry starts later than this after the first try began; absent: no limit."),
            SettingsField(
                "maxRetryAfter", \.policy.maxRetryAfter, .duration(in: .zero ... .seconds(86_400)),
                "The longest Retry-After of a server that is obeyed; a longer one waits only this long."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if policy.maxBackoff < policy.initialBackoff {
            complaints.error(at: \Self.policy.maxBackoff, "must not be shorter than initialBackoff")
        }
    }
}
