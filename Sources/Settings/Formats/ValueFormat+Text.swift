package import Base

extension ValueFormat where Value == String {
    /// Any text. A number or a boolean must be quoted to be one, as any YAML reader wants it.
    package static var string: ValueFormat { text(wanted: "text", least: 0) }

    /// Text of at least one character that is not white space.
    package static var nonEmptyString: ValueFormat { text(wanted: "text that is not empty", least: 1) }

    /// A path of a file or folder. A relative one is taken from the folder that the process runs in.
    package static var path: ValueFormat { text(wanted: "a path", least: 1) }

    private static func text(wanted: String, least: Int) -> ValueFormat {
        let schema: [(String, JSONValue)] = [("type", "string")] + (least > 0 ? [("pattern", #"\S"#)] : [])
        return scalar(
            wanted: wanted, schema: .object(schema), takesReference: false, render: { value, _ in .text(value) },
            parse: { input in
                if input.kind != .text, !input.isReferenced {
                    return input.kind == .null ? .wrong : .because("write it in quotes if it is meant as text")
                }
                let isBlank = input.text.utf8.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }
                return least > 0 && isBlank ? .wrong : .value(input.text)
            })
    }
}

extension ValueFormat where Value == Bool {
    /// `true` or `false`. YAML 1.1's `yes`, `no`, `on` and `off` are refused with the word to write.
    package static var bool: ValueFormat {
        scalar(
            wanted: "true or false", schema: .object([("type", "boolean")]),
            render: { value, _ in .literal(value ? "true" : "false") },
            parse: { input in
                if input.kind == .boolean { return .value(input.text.lowercased() == "true") }
                let word = input.text.lowercased()
                if let meant = YAMLScalar.oldBooleans[word] ?? ["true": true, "false": false][word] {
                    return .because("write \(meant)\(input.isQuoted ? " without quotes" : "")")
                }
                return .wrong
            })
    }
}

extension ValueFormat where Value == Secret {
    /// A secret, best as `${env:NAME}` or `${file:/path}`. Written out in the file it is taken with a warning. No
    /// complaint, no page and no `--print` ever shows it.
    package static var secret: ValueFormat<Secret> {
        let wanted = "a secret: ${env:NAME}, ${file:/path} or text"
        return ValueFormat(
            wanted: wanted,
            decode: { node, decoder in
                guard let input = decoder.scalar(node, wanted: wanted, isSecret: true) else { return nil }
                if input.text.isEmpty {
                    let source = input.isReferenced ? "the value of \(input.written) is empty" : "found nothing"
                    decoder.refuse(at: input.position, "\(source), wanted \(wanted)")
                    return nil
                }
                if !input.isReferenced {
                    let path = decoder.path
                    decoder.report(
                        .warning, at: input.position, path,
                        "the secret stands in the file as plain text: write ${env:NAME} or ${file:/path}")
                }
                return Secret(input.text)
            },
            render: { value, renderer in
                if renderer.mode == .revealed { return .text(value.reveal()) }
                // A reference may stand beside secret text or hold a default: only a bare one is shown.
                return .redacted(comment: renderer.reference.flatMap { SecretSource.isBare($0) ? $0 : nil })
            },
            schema: { _ in [.object([("type", "string"), ("minLength", .number("1"))])] })
    }
}

enum SecretSource {
    static func isBare(_ written: String) -> Bool {
        guard let text = try? ReferenceText(written), text.pieces.count == 1, text.hasReference else { return false }
        return !text.hasDefault && written.unicodeScalars.allSatisfy(Displayed.isSafe)
    }
}

extension ValueFormat where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One word of those that the enumeration lists.
    package static func choice(_ type: Value.Type = Value.self) -> ValueFormat {
        let words = Value.allCases.map(\.rawValue)
        let wanted = "one of \(words.joined(separator: ", "))"
        return scalar(
            wanted: wanted, schema: .object([("enum", .array(words.map { .string($0) }))]),
            render: { value, _ in .text(value.rawValue) },
            parse: { input in
                if let value = Value(rawValue: input.text), input.kind == .text || input.isReferenced {
                    return .value(value)
                }
                guard let near = Suggestion.nearest(to: input.text, among: words) else { return .wrong }
                return .because("did you mean \"\(near)\"?")
            })
    }
}
