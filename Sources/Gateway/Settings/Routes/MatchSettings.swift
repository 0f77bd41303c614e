package import Settings

/// Which requests a route is for. What is left out does not matter.
package struct MatchSettings: SettingsGroup {
    package var host: [HostPattern] = []
    package var path: String?
    package var exact: String?
    package var template: String?
    package var methods: [String] = []
    package var headers = OrderedMap<HeaderMatchSettings>()

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "host", \.host, .oneOrMany(of: .hostPattern, count: 0...1000),
                "Names without port: www.example.com, or *.example.com for all names below it."),
            SettingsField(
                "path", \.path, .pathPattern,
                "The beginning of the path, by whole segments: /api is for /api, /api/ and /api/x, not for /apix."),
            SettingsField("exact", \.exact, .pathPattern, "The whole path, its final slash included."),
            SettingsField(
                "template", \.template, .pathPattern,
                "The whole path with names for segments, /orders/{id}; a last {name*} is for all that follows."),
            SettingsField("methods", \.methods, .oneOrMany(of: .method, count: 0...32), "Methods; another gets 405."),
            SettingsField(
                "headers", \.headers, .map(of: .group(shorthand: "value"), count: 0...16),
                "Headers by name with the value that one of their lines must have."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        let given: [(field: PartialKeyPath<Self>, isGiven: Bool)] = [
            (\.path, path != nil), (\.exact, exact != nil), (\.template, template != nil),
        ]
        let fields = given.filter(\.isGiven).map(\.field)
        if fields.count > 1 { complaints.error(at: fields[1], "does not go with another of path, exact and template") }
        checkPatterns(&complaints)
        if Set(methods).count != methods.count { complaints.warning(at: \Self.methods, "names a method twice") }
        var names: Set<String> = []
        for (name, _) in headers {
            if !HeaderText.isName(name) { complaints.error(at: \Self.headers, "has a key that is no header's name") }
            if !names.insert(name.lowercased()).inserted {
                complaints.error(at: \Self.headers, "has the same header twice; case makes no difference")
            }
        }
    }

    private func checkPatterns(_ complaints: inout SettingsChecker) {
        let patterns: [(PartialKeyPath<Self>, PathPattern.Kind, String?)] = [
            (\.path, .prefix, path), (\.exact, .exact, exact), (\.template, .template, template),
        ]
        for case (let field, let kind, let text?) in patterns {
            do throws(PathPattern.Problem) {
                _ = try PathPattern(kind, text)
            } catch {
                complaints.error(at: field, error.message)
            }
        }
    }

    /// The path's pattern; every path where none is given.
    package var pattern: PathPattern {
        let kind: PathPattern.Kind = exact != nil ? .exact : template != nil ? .template : .prefix
        return (try? PathPattern(kind, exact ?? template ?? path ?? "/")) ?? .all
    }

    /// Host and path as the file has them.
    var label: String {
        let hosts = host.prefix(1).map(\.text).joined() + (host.count > 1 ? ",…" : "")
        let methods = methods.isEmpty ? "" : methods.joined(separator: ",") + " "
        return methods + hosts + (exact ?? template ?? path ?? "/")
    }
}

/// What a header must be; a text alone is its whole value.
package struct HeaderMatchSettings: SettingsGroup {
    package var value: String?
    package var prefix: String?
    package var suffix: String?
    package var contains: String?
    package var present: Bool?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("value", \.value, .headerValue, "The whole value, case included."),
            SettingsField("prefix", \.prefix, .headerValue, "How the value begins."),
            SettingsField("suffix", \.suffix, .headerValue, "How the value ends."),
            SettingsField("contains", \.contains, .headerValue, "What the value holds."),
            SettingsField("present", \.present, .bool, "true: the header must be there; false: it must not."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        let given = [value != nil, prefix != nil, suffix != nil, contains != nil, present != nil].count { $0 }
        if given != 1 { complaints.error(at: "", "wants exactly one of value, prefix, suffix, contains and present") }
    }
}
