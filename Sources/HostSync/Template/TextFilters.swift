import SSHTransport
import Settings

/// Filters that make a text of a value, or a value of a text.
enum TextFilters {
    static func apply(_ name: String, _ value: Value, _ arguments: FilterArguments) throws(TemplateFault) -> Value {
        switch name {
        case "string": return .string(value.text)
        case "to_json", "tojson": return .string(value.json)
        case "to_yaml", "to_nice_yaml": return .string(ValueYAML.text(value))
        case "int": return .integer(integer(value, or: arguments.integer(0, "default", or: 0)))
        case "float": return .number(value.double ?? Double(value.text) ?? arguments.value(0, "default")?.double ?? 0)
        case "bool": return .bool(["yes", "on", "1", "true", "y"].contains(value.text.lowercased()))
        default: break
        }
        let text = value.text
        switch name {
        case "lower": return .string(text.lowercased())
        case "upper": return .string(text.uppercased())
        case "trim": return .string(text.trimmed)
        case "capitalize": return .string(text.prefix(1).uppercased() + text.dropFirst().lowercased())
        case "title": return .string(titled(text))
        case "replace": return .string(text.replacing(try arguments.text(0, "old"), with: try arguments.text(1, "new")))
        case "split": return .list(split(text, arguments.value(0)?.text))
        case "indent": return .string(try indented(text, arguments))
        case "quote": return .string(ShellText.quoted(text))
        case "basename": return .string(text.split(separator: "/").last.map(String.init) ?? "")
        case "dirname": return .string(folder(text))
        case "regex_replace":
            return .string(
                try TemplateRegex.replace(text, try arguments.text(0), try arguments.text(1, or: ""), arguments.offset))
        case "regex_search":
            return .string(try TemplateRegex.groups(try arguments.text(0), text, arguments.offset)?.first ?? "")
        case "b64encode": return .string(Base64.encode(Array(text.utf8)))
        case "b64decode":
            guard let bytes = Base64.decode(text), let decoded = String(validating: bytes, as: UTF8.self) else {
                throw arguments.fault("this is not Base64 of a text")
            }
            return .string(decoded)
        case "comment":
            let mark = try arguments.text(0, or: "#")
            return .string(
                text.split(separator: "\n", omittingEmptySubsequences: false)
                    .map { $0.isEmpty ? mark : "\(mark) \($0)" }.joined(separator: "\n"))
        case "hash":
            guard try arguments.text(0, or: "sha256") == "sha256" else { throw arguments.fault("only sha256 is known") }
            return .string(ContentDigest.of(Array(text.utf8)))
        case "truncate": return .string(String(text.prefix(max(0, arguments.integer(0, "length", or: 255)))))
        default: throw arguments.fault("\(name) is no filter of texts")
        }
    }

    private static func integer(_ value: Value, or fallback: Int) -> Int {
        switch value {
        case .integer(let number): return number
        case .bool(let flag): return flag ? 1 : 0
        case .number(let number): return number.magnitude < 9e15 ? Int(number) : fallback
        default:
            let text = value.text.trimmed
            if let number = Int(text) { return number }
            guard let number = Double(text), number.magnitude < 9e15 else { return fallback }
            return Int(number)
        }
    }

    private static func titled(_ text: String) -> String {
        var result = ""
        var isStart = true
        for character in text {
            result += isStart ? character.uppercased() : character.lowercased()
            isStart = !character.isLetter && !character.isNumber && character != "'"
        }
        return result
    }

    static func split(_ text: String, _ separator: String?) -> [Value] {
        guard let separator, !separator.isEmpty else {
            return text.split(whereSeparator: \.isWhitespace).map { .string(String($0)) }
        }
        return text.split(separator: separator, omittingEmptySubsequences: false).map { .string(String($0)) }
    }

    private static func indented(_ text: String, _ arguments: FilterArguments) throws(TemplateFault) -> String {
        let width: String
        switch arguments.value(0, "width") {
        case .integer(let count)? where (0...1000).contains(count): width = String(repeating: " ", count: count)
        case nil: width = "    "
        case .string(let text)?: width = text
        default: throw arguments.fault("indent takes a width from 0 to 1000")
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count * width.utf8.count + text.utf8.count <= TemplateLimits.outputBytes else {
            throw TemplateFault(.limit, "the text would be too long", at: arguments.offset)
        }
        return lines.enumerated().map { index, line in
            let isPlain = line.isEmpty || index == 0 && !arguments.isTrue(1, "first")
            return isPlain ? String(line) : width + line
        }.joined(separator: "\n")
    }

    private static func folder(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
