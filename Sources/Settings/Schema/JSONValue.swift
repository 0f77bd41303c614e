/// JSON with its members in order, so that what is generated is the same each time.
package enum JSONValue: Sendable, ExpressibleByStringLiteral {
    case null
    case bool(Bool)
    /// The digits as they stand, since JSON knows no sizes of numbers.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([(String, JSONValue)])

    package init(stringLiteral value: String) {
        self = .string(value)
    }

    /// A rendered default. What hides a value (a secret) has no JSON worth showing and becomes the placeholder.
    init(_ value: RenderedValue) {
        switch value {
        case .literal("null"): self = .null
        case .literal("true"): self = .bool(true)
        case .literal("false"): self = .bool(false)
        case .literal(let digits): self = .number(digits)
        case .text(let text): self = .string(ReferenceText.escaped(text))
        case .written(let text): self = .string(text)
        case .redacted: self = .string("redacted")
        case .list(let items): self = .array(items.map { JSONValue($0) })
        case .map(let pairs): self = .object(pairs.map { ($0.key, JSONValue($0.value)) })
        }
    }

    /// Sets a member of an object; no effect on anything else.
    mutating func set(_ key: String, _ value: JSONValue) {
        guard case .object(var members) = self else { return }
        if let index = members.firstIndex(where: { $0.0 == key }) {
            members[index].1 = value
        } else {
            members.append((key, value))
        }
        self = .object(members)
    }

    /// Indented by two spaces, members in their order, final newline left to the caller.
    package var text: String {
        var text = ""
        write(to: &text, indent: 0)
        return text
    }

    private func write(to text: inout String, indent: Int) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let digits): text += digits
        case .string(let string): JSONValue.write(string, to: &text)
        case .array(let items):
            JSONValue.write(items, "[", "]", to: &text, indent: indent) { item, text in
                item.write(to: &text, indent: indent + 1)
            }
        case .object(let members):
            JSONValue.write(members, "{", "}", to: &text, indent: indent) { member, text in
                JSONValue.write(member.0, to: &text)
                text += ": "
                member.1.write(to: &text, indent: indent + 1)
            }
        }
    }

    private static func write<Item>(
        _ items: [Item], _ open: String, _ close: String, to text: inout String, indent: Int,
        _ write: (Item, inout String) -> Void
    ) {
        guard !items.isEmpty else {
            text += open + close
            return
        }
        text += open
        for (index, item) in items.enumerated() {
            text += index == 0 ? "\n" : ",\n"
            text += String(repeating: "  ", count: indent + 1)
            write(item, &text)
        }
        text += "\n" + String(repeating: "  ", count: indent) + close
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
