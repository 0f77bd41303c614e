/// A mapping of known keys, as a type: what a component is configured by.
///
/// `fields` is the one definition from which decoding, `--print`, the JSON Schema and the documentation come:
/// ```swift
/// struct ReportSettings: SettingsGroup {
///     var url: HTTPURL?
///     var timeout = Duration.seconds(5)
///
///     static var fields: [SettingsField<Self>] {
///         [
///             SettingsField("url", \.url, .url, "Where each sample is posted."),
///             SettingsField("timeout", \.timeout, .duration(in: .zero ... .seconds(300)), "Bounds one post."),
///         ]
///     }
/// }
/// ```
package protocol SettingsGroup: Sendable, Equatable {
    /// The defaults. A required field holds any placeholder here; it is never shown.
    init()

    /// The keys in the order in which people should read them.
    static var fields: [SettingsField<Self>] { get }

    /// Rules between the fields. Called once every value of the group is right by itself; default: none.
    ///
    /// Name keys and not values in the messages: a value may have come from a reference.
    func check(_ complaints: inout SettingsChecker)
}

extension SettingsGroup {
    package func check(_ complaints: inout SettingsChecker) {}
}

/// Takes the complaints of `SettingsGroup.check` and finds their place in the file.
package struct SettingsChecker {
    struct Finding {
        let severity: Complaint.Severity
        let path: SettingsPath
        let message: String
    }

    private(set) var findings: [Finding] = []
    private let keys: [(property: any AnyKeyPath & Sendable, key: String)]

    init(keys: [(property: any AnyKeyPath & Sendable, key: String)]) {
        self.keys = keys
    }

    /// Refuses the file because of the field behind `field`:
    /// `complaints.error(at: \Self.timeout, "must be shorter than …")`.
    package mutating func error<Group: SettingsGroup>(at field: PartialKeyPath<Group>, _ message: String) {
        add(.error, path(field), message)
    }

    /// Refuses the file because of the value at `path` below this group: `"rules[2].for"`.
    package mutating func error(at path: String, _ message: String) {
        add(.error, SettingsPath(parsing: path), message)
    }

    /// As `error`, for what is allowed and doubtful.
    package mutating func warning<Group: SettingsGroup>(at field: PartialKeyPath<Group>, _ message: String) {
        add(.warning, path(field), message)
    }

    /// As `error`, for what is allowed and doubtful.
    package mutating func warning(at path: String, _ message: String) {
        add(.warning, SettingsPath(parsing: path), message)
    }

    private func path(_ field: AnyKeyPath) -> SettingsPath {
        SettingsPath(keys.first { $0.property == field }.map { [.key($0.key)] } ?? [])
    }

    private mutating func add(_ severity: Complaint.Severity, _ path: SettingsPath, _ message: String) {
        findings.append(Finding(severity: severity, path: path, message: message))
    }
}
