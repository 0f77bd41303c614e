package import Settings

/// Hedged requests: a second copy to another server when the first takes long; the first answer counts. Only for safe
/// methods without a body.
package struct HedgeSettings: SettingsGroup {
    package var after: Duration?
    package var percentile: Double?
    package var max = 1
    package var budgetPercent = 10.0

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "after", \.after, .duration(in: .milliseconds(1) ... .seconds(600)),
                "Sends a copy when there is no answer after this time; with percentile the least wait."),
            SettingsField(
                "percentile", \.percentile, .number(in: 1...99.99),
                "Sends a copy when this share of recent answers, in percent, would have come: 95."),
            SettingsField("max", \.max, .integer(in: 1...5), "Copies of a request beside the first."),
            SettingsField(
                "budgetPercent", \.budgetPercent, .number(in: 0.1...100),
                "Copies, in percent of the requests of this route, in the long run."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if after == nil, percentile == nil { complaints.error(at: "", "wants after, percentile or both") }
    }
}
