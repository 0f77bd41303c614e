package import Settings

/// A value of a variable, a fact or an expression: what YAML's core schema knows, without its place in a file.
package enum Value: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([Value])
    case map(OrderedMap<Value>)

    /// What the file says, by the core schema: plain `yes` is text, plain `012` is the number 12.
    package init(_ node: YAMLNode) {
        switch node.content {
        case .scalar(let scalar): self = Value(scalar)
        case .sequence(let items): self = .list(items.map { Value($0) })
        case .mapping(let mapping):
            var map = OrderedMap<Value>()
            for entry in mapping.entries { map.set(entry.key, Value(entry.value)) }
            self = .map(map)
        }
    }

    package init(_ scalar: YAMLScalar) {
        switch scalar.kind {
        case .null: self = .null
        case .boolean: self = .bool(scalar.text.lowercased() == "true")
        case .integer: self = Int(scalar.text).map { .integer($0) } ?? .string(scalar.text)
        case .number: self = Double(scalar.text).map { .number($0) } ?? .string(scalar.text)
        case .text: self = .string(scalar.text)
        }
    }

    /// As a template writes it: text as it is, numbers in their shortest form, `true` and `false`, nothing for null;
    /// lists and maps as JSON.
    package var text: String {
        switch self {
        case .null: return ""
        case .bool(let value): return value ? "true" : "false"
        case .integer(let value): return "\(value)"
        case .number(let value):
            let text = "\(value)"
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        case .string(let text): return text
        case .list, .map: return json
        }
    }

    /// False, zero, empty text, empty collections and null are false, as in Jinja and Python.
    package var isTrue: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .string(let text): !text.isEmpty
        case .list(let items): !items.isEmpty
        case .map(let map): !map.isEmpty
        }
    }

    package subscript(key: String) -> Value? {
        if case .map(let map) = self { map[key] } else { nil }
    }

    package var string: String? { if case .string(let text) = self { text } else { nil } }
    package var list: [Value]? { if case .list(let items) = self { items } else { nil } }
    package var map: OrderedMap<Value>? { if case .map(let map) = self { map } else { nil } }

    /// With article, for "found a list".
    package var kindName: String {
        switch self {
        case .null: "nothing"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "text"
        case .list: "a list"
        case .map: "a mapping"
        }
    }

    /// Compact JSON (RFC 8259), maps in their order.
    package var json: String {
        switch self {
        case .null: return "null"
        case .bool, .integer: return text
        case .number(let value): return value.isFinite ? text : "null"
        case .string(let text): return Value.quoted(text)
        case .list(let items): return "[" + items.map(\.json).joined(separator: ",") + "]"
        case .map(let map):
            return "{" + map.map { Value.quoted($0.key) + ":" + $0.value.json }.joined(separator: ",") + "}"
        }
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}

extension Value: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) { self = .string(text) }
}
