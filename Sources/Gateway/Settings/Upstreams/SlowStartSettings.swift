package import Settings

/// Slow start (Envoy's): a server that has become usable gets its share by and by.
package struct SlowStartSettings: SettingsGroup {
    package var window = Duration.seconds(30)
    package var aggression = 1.0
    package var minWeightPercent = 10.0

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "window", \.window, .duration(in: .milliseconds(100) ... .seconds(86_400)),
                "How long it takes until a server has its whole share."),
            SettingsField(
                "aggression", \.aggression, .number(in: 0.1...10), "1 grows evenly, more grows faster at first."),
            SettingsField(
                "minWeightPercent", \.minWeightPercent, .number(in: 1...100), "The share at the start, in percent."),
        ]
    }
}
