import Settings

/// Values as block YAML that any reader takes for the same values.
enum ValueYAML {
    static func text(_ value: Value) -> String {
        var lines: [String] = []
        write(value, indent: "", prefix: "", &lines)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func write(_ value: Value, indent: String, prefix: String, _ lines: inout [String]) {
        switch value {
        case .list(let items) where !items.isEmpty:
            if !prefix.isEmpty { lines.append(prefix) }
            for item in items { write(item, indent: indent + "  ", prefix: "\(indent)-", &lines) }
        case .map(let map) where !map.isEmpty:
            if !prefix.isEmpty { lines.append(prefix) }
            for pair in map {
                write(pair.value, indent: indent + "  ", prefix: "\(indent)\(scalar(.string(pair.key))):", &lines)
            }
        default: lines.append(prefix.isEmpty ? indent + scalar(value) : "\(prefix) \(scalar(value))")
        }
    }

    private static func scalar(_ value: Value) -> String {
        switch value {
        case .null: "null"
        case .string(let text): isPlain(text) ? text : Value.quoted(text)
        case .list: "[]"
        case .map: "{}"
        default: value.text
        }
    }

    /// Words that no reader takes for anything but text.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, (0x61...0x7A).contains(first | 0x20) || first == UInt8(ascii: "/") else {
            return false
        }
        guard YAMLScalar(text, isPlain: true).isText, !["yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
        else {
            return false
        }
        return text.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
                || [UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/")].contains(byte)
        }
    }
}

extension YAMLScalar {
    fileprivate var isText: Bool { if case .string = Value(self) { true } else { false } }
}
