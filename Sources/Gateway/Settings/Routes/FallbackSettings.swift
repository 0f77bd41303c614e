package import Settings

/// What a client gets instead of a failure.
package struct FallbackSettings: SettingsGroup {
    /// Words for `on`.
    static let words: [FailureCondition.Word] = FailureCondition.Word.allCases

    package var on: [FailureCondition] = [.serverError, .word(.circuitOpen), .word(.overload)]
    package var cached = false
    package var file: String?
    package var upstream: String?
    package var body: String?
    package var status: Int?
    package var contentType: String?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "on", \.on, .oneOrMany(of: .condition(of: words), count: 1...32),
                "For which failures: the words of retry.on, and circuit-open and overload (the gateway's own limits)."),
            SettingsField(
                "cached", \.cached, .bool, "A kept answer, however old, where there is one; the route needs cache."),
            SettingsField("static", \.file, .path, "A file, read at start and when it changes, at most 8 MiB."),
            SettingsField("body", \.body, .string, "A text."),
            SettingsField(
                "upstream", \.upstream, .nonEmptyString, "Another group of servers; it is tried once."),
            SettingsField(
                "status", \.status, .integer(in: 200...599),
                "The status of static or body; left out: that of the failure."),
            SettingsField(
                "contentType", \.contentType, .headerValue,
                "Content-Type of static or body; left out: by the file's name."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        let given = [cached, file != nil, body != nil, upstream != nil].count { $0 }
        if given != 1 { complaints.error(at: "", "wants exactly one of cached, static, body and upstream") }
        guard file == nil, body == nil else { return }
        if status != nil { complaints.error(at: \Self.status, "means nothing without static or body") }
        if contentType != nil { complaints.error(at: \Self.contentType, "means nothing without static or body") }
    }
}
