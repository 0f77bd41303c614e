package import Resilience
package import Settings

/// The section `gateway`. The smallest useful one:
///
///     gateway:
///       listen: 127.0.0.1:8080
///       routes:
///         - match: { path: / }
///           upstream: app
///       upstreams:
///         app: { hosts: ["127.0.0.1:9001"] }
package struct GatewaySettings: SettingsGroup {
    package var listen: [ListenSettings] = []
    package var workers: Int?
    package var routes: [RouteSettings] = []
    package var upstreams = OrderedMap<UpstreamSettings>()
    package var limits = LimitSettings()
    package var paths = PathSettings()
    package var trustedProxies: [NetworkBlock] = []
    package var name: String = "apus"
    package var shedding: SheddingSettings?
    package var tracing = TracingSettings()
    package var accessLog = AccessLogSettings()
    package var rollback: RollbackSettings?
    package var certificateExpiryWarning = Duration.seconds(14 * 86_400)

    package init() {}

    package static var fields: [SettingsField<Self>] { traffic + protection + observation }

    private static var traffic: [SettingsField<Self>] {
        [
            SettingsField(
                "listen", \.listen, .oneOrMany(of: .group(shorthand: "address"), count: 1...64),
                "The address or addresses for clients.", required: true),
            SettingsField(
                "workers", \.workers, .integer(in: 1...256),
                "Threads, each with connections of its own; left out: one a processor."),
            SettingsField(
                "routes", \.routes, .list(of: .group(), count: 1...10_000),
                "What is done with which requests. The most specific match counts, not the first: an exact "
                    + "host before a "
                    + "wildcard, an exact path before a template before the longest prefix, then methods, then "
                    + "headers, "
                    + "and only then the order here. What no route matches is answered with 404.",
                required: true),
            SettingsField(
                "upstreams", \.upstreams, .map(of: .group(), count: 0...1000),
                "Groups of servers behind the gateway, by name."),
        ]
    }

    private static var protection: [SettingsField<Self>] {
        [
            SettingsField("limits", \.limits, .group(), "What a client may ask for."),
            SettingsField(
                "paths", \.paths, .group(), "How request paths are brought into one form before they are matched."),
            SettingsField(
                "trustedProxies", \.trustedProxies, .oneOrMany(of: .networkBlock, count: 0...1000),
                "Peers whose X-Forwarded-* headers are believed and gone on with; those of others are replaced."),
            SettingsField(
                "name", \.name, .headerName,
                "What the gateway calls itself in Via (RFC 9110, section 7.6.3) and in Server of its own answers."),
            SettingsField(
                "shedding", \.shedding, .group(),
                "Refuses requests of low priority first when the gateway is near its limits; left out: not."),
        ]
    }

    private static var observation: [SettingsField<Self>] {
        [
            SettingsField("tracing", \.tracing, .group(), "Trace context and request numbers."),
            SettingsField("accessLog", \.accessLog, .group(shorthand: "format"), "A line a request, or off."),
            SettingsField(
                "rollback", \.rollback, .group(),
                "Puts the previous generation back when a reload is followed by errors; left out: not."),
            SettingsField(
                "certificateExpiryWarning", \.certificateExpiryWarning, .duration(in: .zero ... .seconds(366 * 86_400)),
                "How long before its end a certificate is warned of, in the log and in the console."),
        ]
    }

    /// Threads that serve, given the processors that the process may use.
    package func workerCount(processors: Int) -> Int { workers ?? min(max(1, processors), 256) }
}
