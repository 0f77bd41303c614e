/// One kind of a tagged union: the key that names it and what stands behind the key.
package struct UnionCase<Value: Sendable>: Sendable {
    let name: String
    let summary: String
    let decode: @Sendable (YAMLNode, inout SettingsDecoder) -> Value?
    /// Nil where the value is of another case.
    let render: @Sendable (Value, inout SettingsRenderer) -> RenderedValue?
    let schema: @Sendable (inout SchemaBuilder) -> [JSONValue]
    let subfields: @Sendable (inout DocumentationBuilder) -> Void
    let mayStandAlone: @Sendable () -> Bool

    /// - Parameters:
    ///   - wrap: makes the union's value of the case's, usually the enum's case itself.
    ///   - unwrap: nil for other cases.
    package init<Payload>(
        _ name: String, _ format: ValueFormat<Payload>, _ summary: String,
        wrap: @escaping @Sendable (Payload) -> Value, unwrap: @escaping @Sendable (Value) -> Payload?
    ) {
        self.name = name
        self.summary = summary
        decode = { node, decoder in format.decode(node, &decoder).map(wrap) }
        render = { value, renderer in unwrap(value).map { format.render($0, &renderer) } }
        schema = format.schema
        subfields = format.subfields
        mayStandAlone = { format.takesNull && !format.needsKeys() }
    }
}

extension ValueFormat {
    /// A mapping of a single key that says what it is, `file: {…}` or `http: {…}`. A case whose payload needs nothing
    /// may be written as its bare name.
    package static func union(_ cases: [UnionCase<Value>]) -> ValueFormat {
        let names = cases.map(\.name)
        let wanted = "one of \(names.joined(separator: ", ")), as a mapping with that one key"
        return ValueFormat(
            wanted: wanted,
            decode: { node, decoder in
                guard let (choice, name, payload) = UnionChoice.choose(node, names, wanted, &decoder) else {
                    return nil
                }
                return decoder.descend(.key(names[choice]), at: name) { cases[choice].decode(payload, &$0) }
            },
            render: { value, renderer in
                for each in cases {
                    var payload: RenderedValue?
                    _ = renderer.descend(.key(each.name)) { renderer in
                        payload = each.render(value, &renderer)
                        return .literal("null")
                    }
                    if let payload { return .map([(each.name, payload)]) }
                }
                return .map([])
            },
            schema: { builder in cases.flatMap { UnionChoice.schema(of: $0, &builder) } },
            subfields: { builder in for each in cases { each.subfields(&builder) } })
    }
}

private enum UnionChoice {
    /// Which case the file names, where its name stands and its payload; nil after a complaint.
    static func choose(
        _ node: YAMLNode, _ names: [String], _ wanted: String, _ decoder: inout SettingsDecoder
    ) -> (Int, SourcePosition, YAMLNode)? {
        guard decoder.hasPlainTag(node) else { return nil }
        if let text = node.text, !node.isNull {
            if let choice = names.firstIndex(of: text) { return (choice, node.position, .null(at: node.position)) }
            let suggestion = Suggestion.sentence(for: text, among: names)
            decoder.refuse(at: node.position, "found \(Displayed.quoted(text)), wanted \(wanted)\(suggestion)")
            return nil
        }
        guard let entries = node.mapping?.entries, let entry = entries.first else {
            decoder.refuse(
                at: node.position, "found \(node.mapping == nil ? node.kindName : "an empty mapping"), wanted \(wanted)"
            )
            return nil
        }
        guard entries.count == 1 else {
            let keys = entries.prefix(8).map { Displayed.quoted($0.key) }.joined(separator: ", ")
            decoder.refuse(at: entries[1].keyPosition, "found a mapping with the keys \(keys), wanted \(wanted)")
            return nil
        }
        guard let choice = names.firstIndex(of: entry.key) else {
            decoder.refuse(key: entry.key, at: entry.keyPosition, UnknownKey.message(entry.key, known: names))
            decoder.noteValueError()
            return nil
        }
        return (choice, entry.keyPosition, entry.value)
    }

    static func schema<Value>(of each: UnionCase<Value>, _ builder: inout SchemaBuilder) -> [JSONValue] {
        let payload = builder.property(each.schema(&builder), each.summary)
        let mapping = JSONValue.object([
            ("type", "object"), ("properties", .object([(each.name, payload)])),
            ("required", .array([.string(each.name)])), ("additionalProperties", .bool(false)),
        ])
        return each.mayStandAlone() ? [mapping, .object([("const", .string(each.name))])] : [mapping]
    }
}
