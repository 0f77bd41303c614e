package import Base
package import Settings

/// A route's cache of answers (RFC 9111), shared by all its clients and held in memory.
package struct CacheSettings: SettingsGroup {
    package var enabled = true
    package var maxBytes = ByteCount.mebibytes(64)
    package var maxObjectBytes = ByteCount.mebibytes(1)
    package var defaultTTL: Duration?
    package var staleIfError: Duration?
    package var staleWhileRevalidate: Duration?
    package var ignoreQuery = false
    package var keyHeaders: [String] = []
    package var heuristic = false
    package var targetedFields = ["CDN-Cache-Control"]
    package var statusHeader = true

    package init() {}

    package static var fields: [SettingsField<Self>] { sizes + freshness }

    private static var sizes: [SettingsField<Self>] {
        [
            SettingsField("enabled", \.enabled, .bool, "Whether answers are kept."),
            SettingsField(
                "maxBytes", \.maxBytes, .byteCount(in: ByteCount.kibibytes(64)...ByteCount.gibibytes(1024)),
                "Memory for kept answers; those that were not asked for longest go first."),
            SettingsField(
                "maxObjectBytes", \.maxObjectBytes, .byteCount(in: ByteCount(1)...ByteCount.gibibytes(1)),
                "A longer answer is not kept."),
            SettingsField("ignoreQuery", \.ignoreQuery, .bool, "Answers are the same whatever the query."),
            SettingsField(
                "keyHeaders", \.keyHeaders, .oneOrMany(of: .headerName, count: 0...16),
                "Request headers by which answers differ, beside those that Vary names."),
            SettingsField("statusHeader", \.statusHeader, .bool, "Says in Cache-Status (RFC 9211) what the cache did."),
        ]
    }

    private static var freshness: [SettingsField<Self>] {
        let range = Duration.zero ... .seconds(366 * 86_400)
        return [
            SettingsField(
                "defaultTTL", \.defaultTTL, .duration(in: range),
                "How long an answer is fresh that does not say so itself; left out: each use asks the upstream (by ETag)."
            ),
            SettingsField(
                "heuristic", \.heuristic, .bool,
                "An answer with Last-Modified alone is fresh for a tenth of its age (section 4.2.2), a day at most."),
            SettingsField(
                "targetedFields", \.targetedFields, .oneOrMany(of: .headerName, count: 0...16),
                "Answers' headers that speak for Cache-Control and Expires here (RFC 9213); the first one counts."),
            SettingsField(
                "staleIfError", \.staleIfError, .duration(in: range),
                "How long past its end a kept answer stands in for a failure; left out: as its stale-if-error "
                    + "says (RFC 5861)."
            ),
            SettingsField(
                "staleWhileRevalidate", \.staleWhileRevalidate, .duration(in: range),
                "How long past its end it is given out while it is renewed; left out: as its "
                    + "stale-while-revalidate says."
            ),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if maxObjectBytes > maxBytes { complaints.error(at: \Self.maxObjectBytes, "must not be more than maxBytes") }
    }
}
