/// How one kind of value is written in a file: read, rendered, described in the JSON Schema and in words, all from one
/// definition. Formats are values; the ones of this folder cover nearly everything and `parsed` makes new ones.
package struct ValueFormat<Value: Sendable>: Sendable {
    /// With article and range, after "wanted": `a duration from 100ms to 1d (such as 200ms, 30s, 1h30m)`.
    package let wanted: String
    /// Nil after a complaint.
    let decode: @Sendable (YAMLNode, inout SettingsDecoder) -> Value?
    let render: @Sendable (Value, inout SettingsRenderer) -> RenderedValue
    /// The schemas of which a value must fit any; one in most cases.
    let schema: @Sendable (inout SchemaBuilder) -> [JSONValue]
    /// The fields below, for the documentation of groups.
    let subfields: @Sendable (inout DocumentationBuilder) -> Void
    /// True where a key with nothing after it is a value (a group: its defaults).
    let takesNull: Bool
    /// True where a mapping must name some key, so that nothing is not enough. Asked late, since a group may hold
    /// itself.
    let needsKeys: @Sendable () -> Bool

    init(
        wanted: String, takesNull: Bool = false, needsKeys: @escaping @Sendable () -> Bool = { false },
        decode: @escaping @Sendable (YAMLNode, inout SettingsDecoder) -> Value?,
        render: @escaping @Sendable (Value, inout SettingsRenderer) -> RenderedValue,
        schema: @escaping @Sendable (inout SchemaBuilder) -> [JSONValue],
        subfields: @escaping @Sendable (inout DocumentationBuilder) -> Void = { _ in }
    ) {
        self.wanted = wanted
        self.takesNull = takesNull
        self.needsKeys = needsKeys
        self.decode = decode
        self.render = render
        self.schema = schema
        self.subfields = subfields
    }
}

/// What a format made of a scalar's text.
package enum ScalarVerdict<Value> {
    case value(Value)
    /// Not at all what is wanted.
    case wrong
    /// A clause for the complaint, after "found …": `which is below the least allowed`. It is left out where the text
    /// came from a reference, since it may repeat parts of it.
    case because(String)
}

extension ValueFormat {
    /// A format of one scalar; references are resolved before `parse` sees it.
    static func scalar(
        wanted: String, schema: JSONValue, takesReference: Bool = true,
        render: @escaping @Sendable (Value, SettingsRenderer.Mode) -> RenderedValue,
        parse: @escaping @Sendable (ScalarInput) -> ScalarVerdict<Value>
    ) -> ValueFormat {
        ValueFormat(
            wanted: wanted,
            decode: { node, decoder in
                guard let input = decoder.scalar(node, wanted: wanted) else { return nil }
                let verdict = parse(input)
                if case .value(let value) = verdict { return value }
                decoder.refuse(at: input.position, complaint(about: input, verdict, wanted: wanted))
                return nil
            },
            render: { value, renderer in
                if let reference = renderer.reference { return .written(reference) }
                return render(value, renderer.mode)
            },
            schema: { _ in takesReference ? [schema, SchemaBuilder.reference] : [schema] })
    }

    private static func complaint(
        about input: ScalarInput, _ verdict: ScalarVerdict<Value>, wanted: String
    ) -> String {
        if case .because(let clause) = verdict, !input.isReferenced {
            return "found \(input.found), \(clause); wanted \(wanted)"
        }
        return "found \(input.found), wanted \(wanted)"
    }

    /// A format of your own over text.
    ///
    /// - Parameters:
    ///   - name: with article: `a cron expression`.
    ///   - allowed: what may be written, for the complaint: `five fields such as "0 3 * * *"`; empty for nothing more.
    ///   - pattern: an ECMA regular expression for the JSON Schema.
    ///   - numbers: which numbers may stand without quotes too, as in `above: 90` beside `above: 90%`; nil for none.
    ///     They come to `parse` as their text, which decides; this tells editors, and what is printed has no quotes.
    ///   - parse: nil (or `.because` with a clause, in `parsing`) when the text is not right.
    ///   - render: text that `parse` reads back to the same value. It is shown to people: redact in it what is secret.
    package static func parsed(
        name: String, allowed: String = "", pattern: String? = nil, numbers: ClosedRange<Double>? = nil,
        parse: @escaping @Sendable (String) -> Value?, render: @escaping @Sendable (Value) -> String
    ) -> ValueFormat {
        parsed(
            name: name, allowed: allowed, pattern: pattern, numbers: numbers,
            parsing: { parse($0).map { .value($0) } ?? .wrong }, render: render)
    }

    /// As `parsed(name:allowed:parse:render:)` with a verdict that can say why.
    package static func parsed(
        name: String, allowed: String = "", pattern: String? = nil, numbers: ClosedRange<Double>? = nil,
        parsing: @escaping @Sendable (String) -> ScalarVerdict<Value>, render: @escaping @Sendable (Value) -> String
    ) -> ValueFormat {
        scalar(
            wanted: allowed.isEmpty ? name : "\(name): \(allowed)", schema: schema(pattern: pattern, numbers: numbers),
            takesReference: pattern != nil,
            render: { value, _ in
                let text = render(value)
                return numbers != nil && PlainNumber.isJSON(text) ? .literal(text) : .text(text)
            },
            parse: { input in input.kind == .null && !input.isReferenced ? .wrong : parsing(input.text) })
    }

    private static func schema(pattern: String?, numbers: ClosedRange<Double>?) -> JSONValue {
        var members: [(String, JSONValue)] = [("type", numbers == nil ? "string" : .array(["string", "number"]))]
        if let pattern { members.append(("pattern", .string(pattern))) }
        if let least = numbers?.lowerBound, least.isFinite { members.append(("minimum", .number("\(least)"))) }
        if let most = numbers?.upperBound, most.isFinite { members.append(("maximum", .number("\(most)"))) }
        return .object(members)
    }
}

private enum PlainNumber {
    /// Whether the text means the same number in YAML and in JSON, written plainly: `90`, `-1.5`.
    static func isJSON(_ text: String) -> Bool {
        var digits = text.utf8[...]
        if digits.first == UInt8(ascii: "-") { digits = digits.dropFirst() }
        let parts = digits.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = parts.first else { return false }
        guard whole.count == 1 || whole.first != UInt8(ascii: "0") else { return false }
        return parts.allSatisfy { part in
            !part.isEmpty && part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
    }
}
