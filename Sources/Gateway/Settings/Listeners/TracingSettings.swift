package import Settings

/// Trace context and request numbers. Where spans go is `telemetry`'s.
package struct TracingSettings: SettingsGroup {
    package var sampling: Double?
    package var trustIncoming = true
    package var requestIDHeader: String? = "X-Request-ID"

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "sampling", \.sampling, .ratio,
                "Share of new traces that are sampled; left out: what telemetry.traces says."),
            SettingsField(
                "trustIncoming", \.trustIncoming, .bool,
                "Whether a client's traceparent is gone on with; otherwise each request begins a trace."),
            SettingsField(
                "requestIDHeader", \.requestIDHeader, .headerName,
                "The header with the request's number, made where it is missing; null: none."),
        ]
    }
}

/// The access log, a line a request.
package struct AccessLogSettings: SettingsGroup {
    package enum Format: String, Sendable, CaseIterable {
        /// One object a line.
        case json
        /// NCSA's combined format, as Apache and nginx write it.
        case combined
        case off
    }

    package var format = Format.off
    package var file: String?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("format", \.format, .choice(), "How requests are logged, or off."),
            SettingsField(
                "file", \.file, .path, "The file that lines are appended to; left out: standard output."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if let file, !file.hasPrefix("/") { complaints.error(at: \Self.file, "must be an absolute path") }
        if file != nil, format == .off { complaints.warning(at: \Self.file, "means nothing with format: off") }
    }
}
