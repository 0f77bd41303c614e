package import Settings

/// `rateLimit:` in a configuration file. A feature adds what happens above the limit.
package struct RateLimitSettings: SettingsGroup {
    package var requestsPerSecond = 100.0
    package var burst: Int?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "requestsPerSecond", \.requestsPerSecond, .number(in: 0.001...1_000_000),
                "Requests a second in the long run; thousandths count.", required: true),
            SettingsField(
                "burst", \.burst, .integer(in: 1...1_000_000),
                "Requests that may come at once; absent: one second's worth, at least 1."),
        ]
    }

    /// The limit, exact to a thousandth of a request a second.
    package var limit: RateLimit {
        RateLimit(
            count: Int((requestsPerSecond * 1000).rounded()), per: .seconds(1000),
            burst: burst ?? max(1, Int(requestsPerSecond.rounded(.up))))
    }
}
