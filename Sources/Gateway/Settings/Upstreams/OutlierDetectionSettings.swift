package import Settings

/// Passive checks (Envoy's outlier detection): a server whose answers to real requests are bad is left out for a while.
package struct OutlierDetectionSettings: SettingsGroup {
    package var consecutive5xx = 5
    package var consecutiveGatewayFailures = 0
    package var consecutiveLocalFailures = 0
    package var interval = Duration.seconds(10)
    package var baseEjectionTime = Duration.seconds(30)
    package var maxEjectionTime = Duration.seconds(300)
    package var maxEjectionPercent = 10.0
    package var successRate: SuccessRateSettings?
    package var failurePercentage: FailurePercentageSettings?

    package init() {}

    package static var fields: [SettingsField<Self>] { causes + ejection }

    private static var causes: [SettingsField<Self>] {
        [
            SettingsField(
                "consecutive5xx", \.consecutive5xx, .integer(in: 0...1_000_000),
                "Answers of 500 to 599 in a row, missing ones included; 0 does not count them."),
            SettingsField(
                "consecutiveGatewayFailures", \.consecutiveGatewayFailures, .integer(in: 0...1_000_000),
                "Answers of 502, 503 or 504 in a row, missing ones included; 0 does not count them."),
            SettingsField(
                "consecutiveLocalFailures", \.consecutiveLocalFailures, .integer(in: 0...1_000_000),
                "Connections in a row that could not be made, broke or timed out; 0 counts them as answers of 503."),
            SettingsField(
                "successRate", \.successRate, .group(), "Compares the servers with one another, too; left out: not."),
            SettingsField(
                "failurePercentage", \.failurePercentage, .group(),
                "Looks at each server's share of failures, too; left out: not."),
        ]
    }

    private static var ejection: [SettingsField<Self>] {
        [
            SettingsField(
                "interval", \.interval, .duration(in: .milliseconds(100) ... .seconds(3600)),
                "How often it is looked which servers come back, and at success rates."),
            SettingsField(
                "baseEjectionTime", \.baseEjectionTime, .duration(in: .milliseconds(100) ... .seconds(86_400)),
                "How long a server is left out, times the number of times that it was before."),
            SettingsField(
                "maxEjectionTime", \.maxEjectionTime, .duration(in: .milliseconds(100) ... .seconds(86_400)),
                "No server is left out for longer."),
            SettingsField(
                "maxEjectionPercent", \.maxEjectionPercent, .number(in: 0...100),
                "Servers that may be left out at a time, in percent; one may always be where there are two or more."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if maxEjectionTime < baseEjectionTime {
            complaints.error(at: \Self.maxEjectionTime, "must not be shorter than baseEjectionTime")
        }
        let counts = consecutive5xx + consecutiveGatewayFailures + consecutiveLocalFailures
        if counts == 0, successRate == nil, failurePercentage == nil {
            complaints.error(at: "", "counts nothing: all three counts are 0, and no rate is looked at")
        }
    }
}

/// A server is left out whose success rate is far below the mean of all.
package struct SuccessRateSettings: SettingsGroup {
    package var minimumHosts = 5
    package var requestVolume = 100
    package var stdevFactor = 1.9

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "minimumHosts", \.minimumHosts, .integer(in: 1...10_000),
                "Servers with enough requests, below which nothing is compared."),
            SettingsField(
                "requestVolume", \.requestVolume, .integer(in: 1...1_000_000_000),
                "Requests within an interval that are enough."),
            SettingsField(
                "stdevFactor", \.stdevFactor, .number(in: 0.1...100),
                "How many standard deviations below the mean are too far."),
        ]
    }
}

/// A server is left out whose share of failures is too great, whatever the others do.
package struct FailurePercentageSettings: SettingsGroup {
    package var threshold = 85.0
    package var minimumHosts = 5
    package var requestVolume = 50

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("threshold", \.threshold, .number(in: 0.1...100), "Percent of failures that are too many."),
            SettingsField(
                "minimumHosts", \.minimumHosts, .integer(in: 1...10_000),
                "Servers with enough requests, below which nothing is looked at."),
            SettingsField(
                "requestVolume", \.requestVolume, .integer(in: 1...1_000_000_000),
                "Requests within an interval that are enough."),
        ]
    }
}
