package import Settings

/// An answer of the gateway's own.
package struct RespondSettings: SettingsGroup {
    package var status = 200
    package var body: String?
    package var file: String?
    package var contentType: String?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("status", \.status, .integer(in: 200...599), "The status code."),
            SettingsField("body", \.body, .string, "The body as text."),
            SettingsField(
                "static", \.file, .path, "A file with the body, read at start and when it changes, at most 8 MiB."),
            SettingsField(
                "contentType", \.contentType, .headerValue,
                "Content-Type; left out: by the file's name, text/plain for a body."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if body != nil, file != nil { complaints.error(at: \Self.file, "does not go with body") }
        if body != nil || file != nil, [204, 205, 304].contains(status) {
            complaints.error(at: \Self.status, "\(status) has no body")
        }
        if (300..<400).contains(status), status != 304 {
            complaints.warning(at: \Self.status, "tells no place to go to: redirect does")
        }
    }
}

/// A redirection. What is left out stays as the client asked for it.
package struct RedirectSettings: SettingsGroup {
    package enum Scheme: String, Sendable, CaseIterable { case http, https }

    package var status = 308
    package var scheme: Scheme?
    package var host: String?
    package var port: UInt16?
    package var path: String?
    package var prefix: String?
    package var stripQuery = false

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "status", \.status, .integer(in: 300...308),
                "301, 302, 303, 307 or 308; 307 and 308 keep the method, 301 and 308 may be remembered."),
            SettingsField("scheme", \.scheme, .choice(), "The scheme of the new place."),
            SettingsField("host", \.host, .nonEmptyString, "Its host, {…} as in requestHeaders."),
            SettingsField(
                "port", \.port, .integer(in: 1...65_535),
                "Its port; left out: the scheme's own where scheme or host is given."),
            SettingsField("path", \.path, .pathPattern, "Its whole path; {name} is a segment of match.template."),
            SettingsField("prefix", \.prefix, .pathPattern, "What stands in place of match.path."),
            SettingsField("stripQuery", \.stripQuery, .bool, "Leaves the query out."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if ![301, 302, 303, 307, 308].contains(status) {
            complaints.error(at: \Self.status, "must be 301, 302, 303, 307 or 308")
        }
        if path != nil, prefix != nil { complaints.error(at: \Self.prefix, "does not go with path") }
        if scheme == nil, host == nil, port == nil, path == nil, prefix == nil, !stripQuery {
            complaints.error(at: "", "wants one of scheme, host, port, path and prefix: this leads back to itself")
        }
    }
}
