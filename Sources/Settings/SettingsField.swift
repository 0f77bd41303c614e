/// One key of a `SettingsGroup`: its name in the file, its property, its format and one sentence about it.
package struct SettingsField<Root>: Sendable {
    package let key: String
    /// Older names that are still read, with a warning.
    package let aliases: [String]
    package let summary: String
    package let isRequired: Bool

    let property: any AnyKeyPath & Sendable
    let wanted: String
    /// False after a complaint.
    let decode: @Sendable (YAMLNode, inout Root, inout SettingsDecoder) -> Bool
    /// Nil where nothing is to be written: an optional that is none.
    let render: @Sendable (Root, inout SettingsRenderer) -> RenderedValue?
    let schema: @Sendable (inout SchemaBuilder) -> [JSONValue]
    let subfields: @Sendable (inout DocumentationBuilder) -> Void

    /// - Parameters:
    ///   - summary: one sentence with unit and meaning; it is the key's documentation everywhere.
    ///   - required: the file must give it, the default of `init()` means nothing.
    ///   - aliases: deprecated names of the same key.
    package init<Value>(
        _ key: String, _ property: any WritableKeyPath<Root, Value> & Sendable, _ format: ValueFormat<Value>,
        _ summary: String, required: Bool = false, aliases: [String] = []
    ) {
        self.key = key
        self.aliases = aliases
        self.summary = summary
        isRequired = required
        self.property = property
        wanted = format.wanted
        decode = { node, root, decoder in
            guard let value = format.decode(node, &decoder) else { return false }
            root[keyPath: property] = value
            return true
        }
        render = { root, renderer in format.render(root[keyPath: property], &renderer) }
        schema = format.schema
        subfields = format.subfields
    }

    /// For an optional property: left out keeps the default, `null` (or nothing after the key) means none, except that
    /// a group's key with nothing after it means the group's defaults.
    package init<Value>(
        _ key: String, _ property: any WritableKeyPath<Root, Value?> & Sendable, _ format: ValueFormat<Value>,
        _ summary: String, required: Bool = false, aliases: [String] = []
    ) {
        self.key = key
        self.aliases = aliases
        self.summary = summary
        isRequired = required
        self.property = property
        wanted = format.wanted
        decode = { node, root, decoder in
            if node.isNull, !required, !format.takesNull {
                root[keyPath: property] = nil
                return true
            }
            guard let value = format.decode(node, &decoder) else { return false }
            root[keyPath: property] = .some(value)
            return true
        }
        render = { root, renderer in root[keyPath: property].map { format.render($0, &renderer) } }
        schema = { builder in
            let inner = format.schema(&builder)
            return required || format.takesNull ? inner : inner + [.object([("type", "null")])]
        }
        subfields = format.subfields
    }
}
