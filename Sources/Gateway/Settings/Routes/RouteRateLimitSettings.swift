package import Resilience
package import Settings

/// `rateLimit:` of a route: how much passes, and the degraded mode for what does not.
package struct RouteRateLimitSettings: SettingsGroup {
    /// What is counted together.
    package enum Scope: Hashable, Sendable {
        /// All requests of the route.
        case route
        /// Those of one client address, IPv6 by its /64.
        case client
        /// Those with the same value of this header; those without it are one more group.
        case header(String)
    }
    package enum FullPolicy: String, Sendable, CaseIterable { case allow, refuse }

    package var rate = RateLimitSettings()
    package var per = Scope.route
    package var keys = 100_000
    package var whenFull = FullPolicy.allow
    package var degraded: DegradedSettings?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        RateLimitSettings.fields.map { $0.lifted(into: \.rate) } + [
            SettingsField("per", \.per, .rateLimitScope, "What is counted together."),
            SettingsField(
                "keys", \.keys, .integer(in: 1...10_000_000),
                "How many clients or values are told apart at a time, about 100 bytes each."),
            SettingsField(
                "whenFull", \.whenFull, .choice(),
                "What becomes of a new client or value beyond them while none is idle."),
            SettingsField(
                "degraded", \.degraded, .group(),
                "What requests above the limit get; left out: 429 with Retry-After."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) { rate.check(&complaints) }
}

extension ValueFormat where Value == RouteRateLimitSettings.Scope {
    fileprivate static var rateLimitScope: ValueFormat {
        .union([
            UnionCase("route", .route, "All requests of the route together."),
            UnionCase("client", .client, "Each client address by itself."),
            UnionCase("header", .headerName, "Each value of this header by itself.") {
                .header($0)
            } unwrap: {
                if case .header(let name) = $0 { name } else { nil }
            },
        ])
    }
}

/// The degraded mode: instead of the upstream's answer, above the limit, a kept one, another upstream's, or a static
/// page.
package struct DegradedSettings: SettingsGroup {
    package var cache = false
    package var upstream: String?
    package var file: String?
    package var status: Int?
    package var contentType: String?
    package var retryAfter: Duration?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("cache", \.cache, .bool, "A kept answer where there is one; the route needs cache."),
            SettingsField(
                "upstream", \.upstream, .nonEmptyString, "Another group of servers for what the cache does not have."),
            SettingsField(
                "static", \.file, .path,
                "A page for what the cache does not have, read at start and when it changes, at most 8 MiB."),
            SettingsField(
                "status", \.status, .integer(in: 200...599),
                "The status of the page (503 if left out), or of an empty answer where there is no page (429)."),
            SettingsField(
                "contentType", \.contentType, .headerValue, "Content-Type of the page; left out: by the file's name."),
            SettingsField(
                "retryAfter", \.retryAfter, .duration(in: .zero ... .seconds(86_400)),
                "What Retry-After says, in whole seconds; left out: when the next request fits."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if upstream != nil, file != nil { complaints.error(at: \Self.file, "does not go with upstream") }
        if upstream != nil, status != nil { complaints.error(at: \Self.status, "does not go with upstream") }
        if contentType != nil, file == nil { complaints.error(at: \Self.contentType, "means nothing without static") }
    }

    /// The status of what the gateway answers by itself.
    package var effectiveStatus: Int { status ?? (file == nil ? 429 : 503) }
}
