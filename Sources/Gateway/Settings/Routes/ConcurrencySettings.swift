package import Settings

/// How many requests of a route may be under way; what comes above is answered with 503 (`overload` for fallbacks).
package struct ConcurrencySettings: SettingsGroup {
    package var max: Int?
    package var adaptive: AdaptiveConcurrencySettings?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("max", \.max, .integer(in: 1...10_000_000), "A fixed number."),
            SettingsField(
                "adaptive", \.adaptive, .group(), "A number found by latency, as Envoy's gradient controller does."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if (max == nil) == (adaptive == nil) { complaints.error(at: "", "wants max or adaptive, not both") }
    }
}

/// Envoy's gradient controller: the limit grows while latency stays near the least that was seen with few requests.
package struct AdaptiveConcurrencySettings: SettingsGroup {
    package var minimum = 3
    package var maximum = 1000
    package var sampleWindow = Duration.milliseconds(100)
    package var percentile = 50.0
    package var minRTTInterval = Duration.seconds(60)
    package var minRTTRequests = 50
    package var bufferPercent = 25.0
    package var jitterPercent = 15.0

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "minimum", \.minimum, .integer(in: 1...100_000),
                "The least limit, and the limit while latency is measured."),
            SettingsField("maximum", \.maximum, .integer(in: 1...10_000_000), "The greatest limit."),
            SettingsField(
                "sampleWindow", \.sampleWindow, .duration(in: .milliseconds(10) ... .seconds(60)),
                "How often the limit is computed anew."),
            SettingsField(
                "percentile", \.percentile, .number(in: 1...99.9), "Which latency of a window counts, in percent."),
            SettingsField(
                "minRTTInterval", \.minRTTInterval, .duration(in: .seconds(1) ... .seconds(86_400)),
                "How often the least latency is measured anew."),
            SettingsField(
                "minRTTRequests", \.minRTTRequests, .integer(in: 1...100_000), "Requests that such a measurement takes."
            ),
            SettingsField(
                "bufferPercent", \.bufferPercent, .number(in: 0...1000),
                "How far latency may rise above the least before the limit falls, in percent."),
            SettingsField(
                "jitterPercent", \.jitterPercent, .number(in: 0...100),
                "Measurements begin later by a random share of their interval, so that gateways do not measure "
                    + "together."
            ),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if maximum < minimum { complaints.error(at: \Self.maximum, "must not be less than minimum") }
    }
}
