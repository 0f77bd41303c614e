package import Base
package import Settings

/// One route: which requests it is for, the one thing that is done with them, and what happens when that goes wrong.
package struct RouteSettings: SettingsGroup {
    package var name: String?
    package var match = MatchSettings()
    package var upstream: String?
    package var respond: RespondSettings?
    package var redirect: RedirectSettings?
    package var rewrite = RewriteSettings()
    package var requestHeaders = HeaderEditSettings()
    package var responseHeaders = HeaderEditSettings()
    package var timeouts = TimeoutSettings()
    package var retry: RouteRetrySettings?
    package var circuitBreaker: BreakerSettings?
    package var rateLimit: RouteRateLimitSettings?
    package var fallback: [FallbackSettings] = []
    package var cache: CacheSettings?
    package var hedge: HedgeSettings?
    package var concurrency: ConcurrencySettings?
    package var priority = 5
    package var bodyBytes: ByteCount?
    package var upgrade = ["websocket"]
    package var tracing: Double?
    package var accessLog = true

    package init() {}

    package static var fields: [SettingsField<Self>] { actions + changes + resilience + rest }

    private static var actions: [SettingsField<Self>] {
        [
            SettingsField(
                "name", \.name, .nonEmptyString,
                "What metrics, logs and the console call it; left out: its host and path as match has them."),
            SettingsField("match", \.match, .group(), "Which requests the route is for; left out: all."),
            SettingsField(
                "upstream", \.upstream, .nonEmptyString, "The name of the group of servers that requests are sent to."),
            SettingsField("respond", \.respond, .group(), "Answers by itself instead."),
            SettingsField("redirect", \.redirect, .group(), "Sends the client elsewhere instead."),
        ]
    }

    private static var changes: [SettingsField<Self>] {
        [
            SettingsField("rewrite", \.rewrite, .group(), "Changes path and host on the way to the upstream."),
            SettingsField(
                "requestHeaders", \.requestHeaders, .group(), "Changes headers on the way to the upstream."),
            SettingsField("responseHeaders", \.responseHeaders, .group(), "Changes headers on the way to the client."),
            SettingsField("timeouts", \.timeouts, .group(), "How long each phase of a request may take."),
        ]
    }

    private static var resilience: [SettingsField<Self>] {
        [
            SettingsField("retry", \.retry, .group(), "Tries again what failed; left out: never."),
            SettingsField(
                "circuitBreaker", \.circuitBreaker, .group(shorthand: "name"),
                "Lets nothing through to an upstream that fails, for this route; settings, or the name of an "
                    + "instance of "
                    + "resilience4j.circuitbreaker."),
            SettingsField(
                "rateLimit", \.rateLimit, .group(), "How many requests a second pass, and what the others get."),
            SettingsField(
                "fallback", \.fallback, .oneOrMany(of: .group(), count: 0...8),
                "What the client gets instead of a failure: the first that applies and can be had."),
            SettingsField("cache", \.cache, .group(), "Keeps answers by RFC 9111; left out: not."),
            SettingsField("hedge", \.hedge, .group(), "Sends a second copy of what takes long; left out: not."),
            SettingsField(
                "concurrency", \.concurrency, .group(), "How many requests may be under way at a time; left out: all."),
            SettingsField(
                "priority", \.priority, .integer(in: 0...9),
                "For shedding: 0 is the most important, 9 is refused first."),
        ]
    }

    private static var rest: [SettingsField<Self>] {
        [
            SettingsField(
                "bodyBytes", \.bodyBytes, .byteCount(), "A request's body (413) here; left out: what limits says."),
            SettingsField(
                "upgrade", \.upgrade, .oneOrMany(of: .upgradeToken, count: 0...16),
                "Protocols that a connection may be upgraded to; [] for none, and h2c never."),
            SettingsField(
                "tracing", \.tracing, .ratio,
                "Share of new traces that are sampled here; left out: what tracing says."),
            SettingsField("accessLog", \.accessLog, .bool, "Whether requests of this route are in the access log."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        checkAction(&complaints)
        checkWithoutUpstream(&complaints)
        checkCached(&complaints)
        checkPerTry(&complaints)
        checkRewrite(&complaints)
    }
}
