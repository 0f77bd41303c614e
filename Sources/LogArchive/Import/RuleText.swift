import Settings

/// A rule as the text of its file: only what differs from the defaults, for people to read and go on with.
///
/// What `RuleReader` makes of it is equal to the settings that it was made from.
enum RuleText {
    private static let width = 110

    static func yaml(_ settings: RuleSettings, comments: [String] = []) -> String {
        var text = ""
        for comment in comments { text += "# \(plain(comment))\n" }
        for entry in different(tree(settings), from: defaults) {
            text += key(entry.key) + ":" + after(entry.value, indent: 0, column: entry.key.utf8.count + 2)
        }
        return text
    }

    private static let defaults = tree(RuleSettings())

    /// A comment is one line.
    private static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .lineSeparator, .paragraphSeparator, .format, .surrogate, .unassigned, .privateUse:
                        "?"
                    default: scalar
                    }
                }))
    }

    /// All that a rule says, as the settings' own writer puts it.
    private static func tree(_ settings: RuleSettings) -> YAMLNode? {
        YAMLDocument(Array(SettingsReader.rendered(settings).utf8), file: "-").root
    }

    private typealias Entry = (key: String, value: YAMLNode)

    /// The entries of `node` that `defaults` has not, or not so. Within a group the same, down to single keys.
    private static func different(_ node: YAMLNode?, from defaults: YAMLNode?) -> [Entry] {
        var entries: [Entry] = []
        for entry in node?.mapping?.entries ?? [] {
            let other = defaults?[entry.key]
            if let other, isEqual(entry.value, other), entry.key != "algorithm" { continue }
            guard entry.value.mapping != nil, other?.mapping != nil || groups[entry.key] != nil else {
                entries.append((entry.key, entry.value))
                continue
            }
            let below = different(entry.value, from: other ?? groups[entry.key])
            let pairs = below.map { (key: $0.key, keyPosition: SourcePosition.start, value: $0.value) }
            entries.append((entry.key, YAMLNode(.mapping(YAMLMapping(pairs)), position: .start)))
        }
        return entries
    }

    /// Groups that are left out by default still have defaults inside.
    private static let groups: [String: YAMLNode] = {
        func tree<Group: SettingsGroup>(_ group: Group) -> YAMLNode? {
            YAMLDocument(Array(SettingsReader.rendered(group).utf8), file: "-").root
        }
        var groups: [String: YAMLNode] = [:]
        groups["createOldDir"] = tree(CreateSettings())
        groups["reopen"] = tree(ReopenSettings())
        groups["compress"] = tree(CompressSettings())
        for key in ["firstAction", "preRotate", "postRotate", "lastAction", "preRemove"] {
            groups[key] = tree(CommandSettings())
        }
        return groups
    }()

    private static func isEqual(_ left: YAMLNode, _ right: YAMLNode) -> Bool {
        switch (left.content, right.content) {
        case (.scalar(let left), .scalar(let right)): left == right
        case (.sequence(let left), .sequence(let right)): left.elementsEqual(right, by: isEqual)
        case (.mapping(let left), .mapping(let right)):
            left.entries.elementsEqual(right.entries) { $0.key == $1.key && isEqual($0.value, $1.value) }
        default: false
        }
    }
}

extension RuleText {
    /// What follows `key:`, with its newline: on the same line where that is short, below it otherwise.
    private static func after(_ node: YAMLNode, indent: Int, column: Int) -> String {
        if let flow = flow(node), indent * 2 + column + flow.utf8.count <= width { return " \(flow)\n" }
        let margin = String(repeating: "  ", count: indent + 1)
        switch node.content {
        case .scalar(let scalar): return block(scalar.text, margin: margin) ?? " \(quoted(scalar.text))\n"
        case .sequence(let items):
            return "\n" + items.map { "\(margin)- \(flow($0) ?? "null")\n" }.joined()
        case .mapping(let mapping):
            return "\n"
                + mapping.entries.map { entry in
                    margin + key(entry.key) + ":"
                        + after(entry.value, indent: indent + 1, column: entry.key.utf8.count + 2)
                }.joined()
        }
    }

    /// On one line; nil for what has a text of several lines or a group in it.
    private static func flow(_ node: YAMLNode) -> String? {
        switch node.content {
        case .scalar(let scalar):
            if scalar.isPlain { return scalar.text.isEmpty ? "null" : scalar.text }
            return scalar.text.utf8.contains(UInt8(ascii: "\n")) ? nil : quoted(scalar.text)
        case .sequence(let items):
            let parts = items.compactMap(flow)
            return parts.count == items.count ? "[\(parts.joined(separator: ", "))]" : nil
        case .mapping(let mapping):
            let parts = mapping.entries.compactMap { entry in
                entry.value.scalar == nil ? nil : flow(entry.value).map { "\(key(entry.key)): \($0)" }
            }
            guard parts.count == mapping.entries.count else { return nil }
            return parts.isEmpty ? "{}" : "{ \(parts.joined(separator: ", ")) }"
        }
    }

    private static func key(_ text: String) -> String {
        let isWord = text.utf8.allSatisfy { (0x61...0x7A).contains($0 | 0x20) || $0 == UInt8(ascii: "_") }
        return isWord && !text.isEmpty && YAMLScalar(text, isPlain: true).kind == .text ? text : quoted(text)
    }

    /// `|` and the lines below it, for a text that ends in one newline and has only what may stand there as it is.
    private static func block(_ text: String, margin: String) -> String? {
        let bytes = Array(text.utf8)
        let newline = UInt8(ascii: "\n")
        guard bytes.count > 1, bytes.last == newline, bytes[bytes.count - 2] != newline, isPrintable(text) else {
            return nil
        }
        let lines = bytes.dropLast().split(separator: newline, omittingEmptySubsequences: false)
        // A first line that begins with a blank would be taken for the block's indentation.
        guard let first = lines.first?.first, first != 0x20, first != 0x09 else { return nil }
        guard !lines.contains(where: { !$0.isEmpty && $0.allSatisfy { $0 == 0x20 || $0 == 0x09 } }) else { return nil }
        var result = " |\n"
        for line in lines { result += line.isEmpty ? "\n" : "\(margin)\(String(decoding: line, as: UTF8.self))\n" }
        return result
    }

    private static func isPrintable(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || isSafe($0) }
    }

    private static func isSafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
        default: true
        }
    }

    /// In double quotes (YAML 1.2, section 7.3.1).
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            default:
                if isSafe(scalar) {
                    result.unicodeScalars.append(scalar)
                } else {
                    result += "\\U" + padded(scalar.value)
                }
            }
        }
        return result + "\""
    }

    private static func padded(_ number: UInt32) -> String {
        let digits = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }
}
