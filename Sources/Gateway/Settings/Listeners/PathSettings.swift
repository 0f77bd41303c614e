package import Settings

/// How request paths are brought into one form before they are matched, and sent on in that form, so that no spelling
/// of a path passes a route by. Dot segments are always resolved, escapes of unreserved characters always decoded (RFC
/// 3986, section 6.2.2), and a path with a NUL, a malformed escape or `/..;` is always refused with 400.
package struct PathSettings: SettingsGroup {
    /// What becomes of `%2F`, `%5C` and a plain backslash, which some upstreams take for a slash.
    package enum EscapedSlashes: String, Sendable, CaseIterable {
        /// 400.
        case reject
        /// They are part of a segment. Only right where no upstream decodes them before it decides who may do what.
        case keep
        /// They are slashes from the start.
        case decode
    }

    package var mergeSlashes = true
    package var escapedSlashes = EscapedSlashes.reject

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("mergeSlashes", \.mergeSlashes, .bool, "Several slashes in a row are one."),
            SettingsField(
                "escapedSlashes", \.escapedSlashes, .choice(),
                "A slash or backslash written as %2F or %5C: refuse the request, leave it, or take it for a slash."),
        ]
    }
}
