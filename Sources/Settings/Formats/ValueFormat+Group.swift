extension ValueFormat where Value: SettingsGroup {
    /// A mapping with the keys of `type`. A key with nothing after it (`report:`) is the group with its defaults.
    package static func group(_ type: Value.Type = Value.self) -> ValueFormat {
        let layout = LazyLayout<Value>()
        return ValueFormat(
            wanted: "a mapping", takesNull: true, needsKeys: { layout.value.hasRequired },
            decode: { node, decoder in layout.value.decode(node, &decoder) },
            render: { value, renderer in layout.value.render(value, &renderer) },
            schema: { builder in [builder.definition(of: layout.value)] },
            subfields: { builder in builder.group(layout.value) })
    }

    /// A group that may also be written as the value of its key `shorthand` alone: `listen: 127.0.0.1:8080` is
    /// `listen: { address: 127.0.0.1:8080 }`. A complaint names the key.
    ///
    /// - Precondition: `type` has the key, and its values are scalars or lists.
    package static func group(_ type: Value.Type = Value.self, shorthand: String) -> ValueFormat {
        let layout = LazyLayout<Value>()
        let whole = group(type)
        return ValueFormat(
            wanted: "a mapping, or its \(shorthand) alone", takesNull: true,
            needsKeys: { layout.value.hasRequired },
            decode: { node, decoder in
                let isShort = node.mapping == nil && !node.isNull
                return whole.decode(isShort ? node.underKey(shorthand) : node, &decoder)
            },
            render: whole.render,
            schema: { builder in
                let field = layout.value.fields.first { $0.key == shorthand }
                return whole.schema(&builder) + (field.map { $0.schema(&builder) } ?? [])
            },
            subfields: whole.subfields)
    }

    /// A group whose nodes are changed before they are read, for files that were written for another program: other
    /// spellings of keys, other units. Places in complaints stay those of the file. What such a file may hold is not
    /// told in the JSON Schema.
    ///
    /// - Parameter rewriting: may change keys, texts and what a mapping holds; it keeps the positions.
    package static func group(
        _ type: Value.Type = Value.self, rewriting: @escaping @Sendable (YAMLNode) -> YAMLNode
    ) -> ValueFormat {
        let whole = group(type)
        return ValueFormat(
            wanted: whole.wanted, takesNull: true, needsKeys: whole.needsKeys,
            decode: { node, decoder in whole.decode(rewriting(node), &decoder) },
            render: whole.render,
            schema: { _ in [.object([("type", .array(["object", "null"]))])] },
            subfields: whole.subfields)
    }
}

extension YAMLNode {
    /// The node as the one value of a mapping, in the same place.
    fileprivate func underKey(_ key: String) -> YAMLNode {
        YAMLNode(.mapping(YAMLMapping([(key, position, self)])), position: position)
    }
}

extension ValueFormat where Value == YAMLNode {
    /// Any YAML, kept as it is to be decoded later (`SettingsReader.decode`). Its references stay
    /// unresolved, so that neither `--print` nor a fingerprint sees what they yield.
    package static var node: ValueFormat {
        ValueFormat(
            wanted: "any value", takesNull: true,
            decode: { node, _ in node },
            render: { node, _ in RenderedValue(node) },
            schema: { _ in [.object([])] })
    }
}

extension RenderedValue {
    init(_ node: YAMLNode) {
        switch node.content {
        case .scalar(let scalar):
            switch scalar.kind {
            case .text: self = .written(scalar.text)
            case .null: self = .literal("null")
            default: self = .literal(scalar.text)
            }
        case .sequence(let items): self = .list(items.map { RenderedValue($0) })
        case .mapping(let mapping): self = .map(mapping.entries.map { ($0.key, RenderedValue($0.value)) })
        }
    }
}
