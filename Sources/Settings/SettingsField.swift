/// One key of a `SettingsGroup`: its name in the file, its property, its format and one sentence about it.
package struct SettingsField<Root>: Sendable {
    package let key: String
    /// Older names that are still read, with a warning.
    package let aliases: [String]
    /// What others call the same key: read as well as `key`, without a word.
    package let synonyms: [String]
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
    ///   - synonyms: names that a peer has for it; say in `summary` whose they are.
    package init<Value>(
        _ key: String, _ property: any WritableKeyPath<Root, Value> & Sendable, _ format: ValueFormat<Value>,
        _ summary: String, required: Bool = false, aliases: [String] = [], synonyms: [String] = []
    ) {
        self.key = key
        self.aliases = aliases
        self.synonyms = synonyms
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
        _ summary: String, required: Bool = false, aliases: [String] = [], synonyms: [String] = []
    ) {
        self.key = key
        self.aliases = aliases
        self.synonyms = synonyms
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

    /// The field of a group inside `Outer`, whose keys stand among `Outer`'s own. Let `Outer.check` call the inner one:
    /// the places of its complaints are found.
    package func lifted<Outer>(into inner: any WritableKeyPath<Outer, Root> & Sendable) -> SettingsField<Outer> {
        SettingsField<Outer>(self, into: inner)
    }

    private init<Inner>(_ field: SettingsField<Inner>, into inner: any WritableKeyPath<Root, Inner> & Sendable) {
        key = field.key
        aliases = field.aliases
        synonyms = field.synonyms
        summary = field.summary
        isRequired = field.isRequired
        property = field.property
        wanted = field.wanted
        decode = { node, root, decoder in field.decode(node, &root[keyPath: inner], &decoder) }
        render = { root, renderer in field.render(root[keyPath: inner], &renderer) }
        schema = field.schema
        subfields = field.subfields
    }
}
