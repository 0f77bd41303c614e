extension ValueFormat {
    /// A list. An empty one is written `[]`.
    package static func list<Element>(
        of element: ValueFormat<Element>, count: ClosedRange<Int> = 0...Int.max
    ) -> ValueFormat where Value == [Element] {
        let wanted = "a list\(ListText.bounds(count))"
        return ValueFormat(
            wanted: wanted,
            decode: { node, decoder in
                guard decoder.hasPlainTag(node) else { return nil }
                guard let items = node.sequence else {
                    let hint = node.isNull ? "; write [] for an empty one" : ""
                    decoder.refuse(at: node.position, "found \(node.kindName), wanted \(wanted)\(hint)")
                    return nil
                }
                return ListText.decode(items, element, count, wanted, at: node.position, &decoder)
            },
            render: { values, renderer in ListText.render(values, element, &renderer) },
            schema: { builder in [ListText.schema(element, count, &builder)] },
            subfields: element.subfields)
    }

    /// A list, or its one item by itself: `paths: /var/log` is `paths: [/var/log]`.
    package static func oneOrMany<Element>(
        of element: ValueFormat<Element>, count: ClosedRange<Int> = 0...Int.max
    ) -> ValueFormat where Value == [Element] {
        let wanted = "\(element.wanted), or a list of such"
        return ValueFormat(
            wanted: wanted,
            decode: { node, decoder in
                let items = node.sequence ?? [node]
                if node.isNull {
                    decoder.refuse(at: node.position, "found nothing, wanted \(wanted)")
                    return nil
                }
                return ListText.decode(items, element, count, wanted, at: node.position, &decoder)
            },
            render: { values, renderer in ListText.render(values, element, &renderer) },
            schema: { builder in element.schema(&builder) + [ListText.schema(element, count, &builder)] },
            subfields: element.subfields)
    }

    /// A mapping whose keys are names of the file's choosing, in the file's order.
    package static func map<Element>(
        of element: ValueFormat<Element>, count: ClosedRange<Int> = 0...Int.max
    ) -> ValueFormat where Value == OrderedMap<Element> {
        let wanted = "a mapping of names\(count == 0...Int.max ? "" : ",\(ListText.bounds(count))")"
        return ValueFormat(
            wanted: wanted,
            decode: { node, decoder in
                guard decoder.hasPlainTag(node) else { return nil }
                guard let entries = node.mapping?.entries else {
                    let hint = node.isNull ? "; write {} for an empty one" : ""
                    decoder.refuse(at: node.position, "found \(node.kindName), wanted \(wanted)\(hint)")
                    return nil
                }
                guard count.contains(entries.count) else {
                    decoder.refuse(at: node.position, "found \(entries.count) entries, wanted \(wanted)")
                    return nil
                }
                return ListText.decode(entries, element, &decoder)
            },
            render: { values, renderer in
                .map(
                    values.map { pair in
                        (pair.key, renderer.descend(.key(pair.key)) { element.render(pair.value, &$0) })
                    })
            },
            schema: { builder in [ListText.mapSchema(element, count, &builder)] },
            subfields: element.subfields)
    }

    /// As `map(of:)` into a dictionary, for where the order means nothing.
    package static func dictionary<Element>(
        of element: ValueFormat<Element>, count: ClosedRange<Int> = 0...Int.max
    ) -> ValueFormat where Value == [String: Element] {
        let map = ValueFormat<OrderedMap<Element>>.map(of: element, count: count)
        return ValueFormat(
            wanted: map.wanted,
            decode: { node, decoder in
                map.decode(node, &decoder).map { Dictionary(uniqueKeysWithValues: $0.map { ($0.key, $0.value) }) }
            },
            render: { values, renderer in
                var ordered = OrderedMap<Element>()
                for (key, value) in values.sorted(by: { $0.key < $1.key }) { ordered.set(key, value) }
                return map.render(ordered, &renderer)
            },
            schema: map.schema, subfields: map.subfields)
    }
}

/// What lists and maps share.
private enum ListText {
    static func bounds(_ count: ClosedRange<Int>) -> String {
        switch (count.lowerBound, count.upperBound) {
        case (0, .max): ""
        case (let low, .max): " of at least \(low)"
        case (let low, let high) where low == high: " of \(low)"
        case (0, let high): " of at most \(high)"
        case (let low, let high): " of \(low) to \(high)"
        }
    }

    /// Every item is decoded even when one is wrong, so that all complaints come at once.
    static func decode<Element>(
        _ items: [YAMLNode], _ element: ValueFormat<Element>, _ count: ClosedRange<Int>, _ wanted: String,
        at position: SourcePosition, _ decoder: inout SettingsDecoder
    ) -> [Element]? {
        guard count.contains(items.count) else {
            decoder.refuse(at: position, "found \(items.count) items, wanted \(wanted)")
            return nil
        }
        var values: [Element] = []
        values.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            let value = decoder.descend(.index(index), at: item.position) { element.decode(item, &$0) }
            if let value { values.append(value) }
        }
        return values.count == items.count ? values : nil
    }

    static func decode<Element>(
        _ entries: [YAMLMapping.Entry], _ element: ValueFormat<Element>, _ decoder: inout SettingsDecoder
    ) -> OrderedMap<Element>? {
        var values = OrderedMap<Element>()
        for entry in entries {
            let value = decoder.descend(.key(entry.key), at: entry.keyPosition) { element.decode(entry.value, &$0) }
            if let value { values.set(entry.key, value) }
        }
        return values.count == entries.count ? values : nil
    }

    static func render<Element>(
        _ values: [Element], _ element: ValueFormat<Element>, _ renderer: inout SettingsRenderer
    ) -> RenderedValue {
        .list(
            values.enumerated().map { index, value in
                renderer.descend(.index(index)) { element.render(value, &$0) }
            })
    }

    static func schema<Element>(
        _ element: ValueFormat<Element>, _ count: ClosedRange<Int>, _ builder: inout SchemaBuilder
    ) -> JSONValue {
        let most: [(String, JSONValue)] = count.upperBound == .max ? [] : [("maxItems", .number("\(count.upperBound)"))]
        return .object(
            [
                ("type", "array"), ("items", SchemaBuilder.any(of: element.schema(&builder))),
                ("minItems", .number("\(count.lowerBound)")),
            ] + most)
    }

    static func mapSchema<Element>(
        _ element: ValueFormat<Element>, _ count: ClosedRange<Int>, _ builder: inout SchemaBuilder
    ) -> JSONValue {
        let most: [(String, JSONValue)] =
            count.upperBound == .max ? [] : [("maxProperties", .number("\(count.upperBound)"))]
        return .object(
            [
                ("type", "object"), ("additionalProperties", SchemaBuilder.any(of: element.schema(&builder))),
                ("minProperties", .number("\(count.lowerBound)")),
            ] + most)
    }
}
