import Synchronization

/// A group's fields with what is looked up in them, made once for each place where the group is used.
struct GroupLayout<Group: SettingsGroup>: Sendable {
    let fields: [SettingsField<Group>]
    private let index: [String: Int]

    init() {
        fields = Group.fields
        var index: [String: Int] = [:]
        for (position, field) in fields.enumerated() {
            for name in [field.key] + field.aliases + field.synonyms {
                precondition(index[name] == nil, "\(Group.self) declares the key \(name) twice")
                index[name] = position
            }
        }
        self.index = index
    }

    var hasRequired: Bool { fields.contains(where: \.isRequired) }

    // MARK: Decoding

    func decode(_ node: YAMLNode, _ decoder: inout SettingsDecoder) -> Group? {
        guard decoder.hasPlainTag(node) else { return nil }
        guard let mapping = node.mapping ?? (node.isNull ? YAMLMapping.empty : nil) else {
            decoder.refuse(at: node.position, "found \(node.kindName), wanted \(wanted)")
            return nil
        }
        let errors = decoder.valueErrors
        var group = Group()
        var given: [Int: String] = [:]
        for entry in mapping.entries {
            guard let position = index[entry.key] else {
                refuseUnknown(entry, &decoder)
                continue
            }
            if let other = given[position] {
                decoder.refuse(key: entry.key, at: entry.keyPosition, "means the same as \(other), which is given too")
                continue
            }
            given[position] = entry.key
            decode(entry, fields[position], &group, &decoder)
        }
        refuseMissing(given, node, &decoder)
        guard decoder.valueErrors == errors else { return nil }
        check(group, node, given, &decoder)
        return group
    }

    private func decode(
        _ entry: YAMLMapping.Entry, _ field: SettingsField<Group>, _ group: inout Group,
        _ decoder: inout SettingsDecoder
    ) {
        decoder.descend(.key(field.key), at: entry.keyPosition) { decoder in
            _ = field.decode(entry.value, &group, &decoder)
            if field.aliases.contains(entry.key) {
                let message = "the key \(entry.key) is an old name: write \(field.key)"
                decoder.report(.warning, at: entry.keyPosition, decoder.path, message)
            }
        }
    }

    private func refuseUnknown(_ entry: YAMLMapping.Entry, _ decoder: inout SettingsDecoder) {
        decoder.refuse(
            key: entry.key, at: entry.keyPosition,
            UnknownKey.message(entry.key, known: fields.map(\.key)))
    }

    private func refuseMissing(_ given: [Int: String], _ node: YAMLNode, _ decoder: inout SettingsDecoder) {
        for (position, field) in fields.enumerated() where field.isRequired && given[position] == nil {
            decoder.refuse(at: decoder.ownerPosition, "the key \(field.key) is missing, wanted \(field.wanted)")
        }
    }

    /// Asks the group how its values go together and finds the places of what it answers.
    private func check(_ group: Group, _ node: YAMLNode, _ given: [Int: String], _ decoder: inout SettingsDecoder) {
        var checker = SettingsChecker(keys: fields.map { ($0.property, $0.key) })
        group.check(&checker)
        for finding in checker.findings {
            let path = SettingsPath(decoder.path.components + finding.path.components)
            let position = position(of: finding.path, node, given) ?? decoder.ownerPosition
            if finding.severity == .error {
                decoder.refuse(at: position, path, finding.message)
            } else {
                decoder.report(.warning, at: position, path, finding.message)
            }
        }
    }

    /// The value's place, or that of the nearest key above it that the file gives; nil for the group itself.
    private func position(of path: SettingsPath, _ node: YAMLNode, _ given: [Int: String]) -> SourcePosition? {
        var components = path.components
        if case .key(let key)? = components.first, let field = index[key], let name = given[field] {
            components[0] = .key(name)
        }
        while !components.isEmpty {
            if let found = node.descendant(SettingsPath(components)) { return found.position }
            components.removeLast()
        }
        return nil
    }

    // MARK: Writing

    var wanted: String {
        let names = fields.prefix(8).map(\.key).joined(separator: ", ")
        return "a mapping with the keys \(names)\(fields.count > 8 ? ", …" : "")"
    }

    func render(_ group: Group, _ renderer: inout SettingsRenderer) -> RenderedValue {
        let defaults = Group()
        var pairs: [(key: String, value: RenderedValue)] = []
        for field in fields {
            var value: RenderedValue?
            _ = renderer.descend(.key(field.key)) { renderer in
                value = field.render(group, &renderer)
                if value == nil, !field.isRequired, field.render(defaults, &renderer) != nil {
                    value = .literal("null")
                }
                return .literal("null")
            }
            if let value { pairs.append((field.key, value)) }
        }
        return .map(pairs)
    }

    func schema(_ builder: inout SchemaBuilder) -> JSONValue {
        var defaults = SettingsRenderer(.redacted)
        let group = Group()
        let properties = fields.map { field in
            var property = builder.property(field.schema(&builder), field.summary)
            if !field.isRequired, let value = field.render(group, &defaults) {
                property.set("default", JSONValue(value))
            }
            return (field.key, property)
        }
        let old = fields.flatMap { field in
            field.aliases.map { alias in
                var property = builder.property(field.schema(&builder), "Old name of \(field.key).")
                property.set("deprecated", .bool(true))
                return (alias, property)
            }
                + field.synonyms.map { ($0, builder.property(field.schema(&builder), "The same as \(field.key).")) }
        }
        let required = fields.filter { $0.isRequired && $0.aliases.isEmpty && $0.synonyms.isEmpty }
            .map { JSONValue.string($0.key) }
        var object: [(String, JSONValue)] = [
            ("type", hasRequired ? "object" : .array(["object", "null"])),
            ("properties", .object(properties + old)),
        ]
        if !required.isEmpty { object.append(("required", .array(required))) }
        return .object(object + [("additionalProperties", .bool(false))])
    }
}

/// Makes a layout at its first use: a group may contain itself, and its layout cannot.
final class LazyLayout<Group: SettingsGroup>: Sendable {
    private let layout = Mutex<GroupLayout<Group>?>(nil)

    var value: GroupLayout<Group> {
        if let made = layout.withLock({ $0 }) { return made }
        let made = GroupLayout<Group>()
        layout.withLock { $0 = made }
        return made
    }
}

enum UnknownKey {
    /// `unknown key; did you mean "interval"?`, or the keys that there are.
    static func message(_ key: String, known: [String]) -> String {
        let suggestion = Suggestion.sentence(for: key, among: known)
        if !suggestion.isEmpty { return "unknown key" + suggestion }
        let names = known.prefix(12).joined(separator: ", ")
        return known.isEmpty ? "unknown key" : "unknown key, known are \(names)\(known.count > 12 ? ", …" : "")"
    }
}
