package import Settings

/// Changes of path and host on the way to the upstream. The query stays.
package struct RewriteSettings: SettingsGroup {
    package var prefix: String?
    package var path: String?
    package var host: String?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("prefix", \.prefix, .pathPattern, "What stands in place of match.path: / takes it away."),
            SettingsField(
                "path", \.path, .pathPattern,
                "The whole path; {name} is a segment of match.template, {path} the client's path."),
            SettingsField(
                "host", \.host, .nonEmptyString,
                "Host for the upstream: a name, or {upstream.host} for that of the server's address; left out: "
                    + "the client's."
            ),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if prefix != nil, path != nil { complaints.error(at: \Self.path, "does not go with prefix") }
    }
}

/// Changes of headers: first `remove`, then `set`, then `add`. Values may hold {client.address}, {host}, {method},
/// {path}, {path.NAME}, {query}, {request.id}, {route}, {scheme}, {upstream} and {upstream.host}; `{{` is a brace.
package struct HeaderEditSettings: SettingsGroup {
    package var set = OrderedMap<String>()
    package var add = OrderedMap<[String]>()
    package var remove: [String] = []

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "set", \.set, .map(of: .headerValue, count: 0...64),
                "Headers by name with their value, in place of any that are there; {client.address}, {host}, "
                    + "{method}, {path}, "
                    + "{path.NAME}, {query}, {request.id}, {route}, {scheme}, {upstream} and {upstream.host} are "
                    + "filled in."
            ),
            SettingsField(
                "add", \.add, .map(of: .oneOrMany(of: .headerValue, count: 1...16), count: 0...64),
                "Headers that come beside those that are there."),
            SettingsField("remove", \.remove, .oneOrMany(of: .headerName, count: 0...64), "Names of headers that go."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        checkNames(set.keys, \.set, &complaints)
        checkNames(add.keys, \.add, &complaints)
        for (index, name) in remove.enumerated() where HeaderText.ownedByGateway.contains(name.lowercased()) {
            complaints.error(at: "remove[\(index)]", "is a header that the gateway makes itself")
        }
    }

    private func checkNames(_ names: [String], _ field: PartialKeyPath<Self>, _ complaints: inout SettingsChecker) {
        var seen: Set<String> = []
        for name in names {
            let lower = name.lowercased()
            if !HeaderText.isName(name) { complaints.error(at: field, "'\(name)' is no header's name") }
            if !seen.insert(lower).inserted {
                complaints.error(at: field, "has '\(name)' twice; case makes no difference")
            }
            guard HeaderText.ownedByGateway.contains(lower) else { continue }
            let hint = lower == "host" ? ": rewrite.host changes Host" : ""
            complaints.error(at: field, "the gateway makes '\(name)' itself\(hint)")
        }
    }

    /// Texts with placeholders and their places below the group.
    var templates: [(place: String, text: String)] {
        self.set.map { ("set.\($0.key)", $0.value) }
            + add.flatMap { pair in pair.value.enumerated().map { ("add.\(pair.key)[\($0.offset)]", $0.element) } }
    }
}
