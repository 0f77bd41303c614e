import Settings
import Telemetry

/// The `telemetry` section of the file. Metrics need no setting: the admin endpoint serves them.
struct TelemetrySettings: SettingsGroup {
    var traces = TracingSettings()

    static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "traces", \.traces, .group(), "Where spans are exported to, by OTLP over HTTP; off without an endpoint."
            )
        ]
    }
}
