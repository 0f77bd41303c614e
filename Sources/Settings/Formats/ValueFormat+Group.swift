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
