import Settings

/// What may stand behind `is`.
enum TemplateTests {
    /// Tests that take an argument without parentheses: `x is divisibleby 3`.
    static let taking: Set<String> = ["divisibleby", "equalto", "sameas", "in", "match", "search", "eq", "ne"]
    static let names: Set<String> = [
        "defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "mapping", "iterable",
        "sequence",
        "even", "odd", "divisibleby", "equalto", "sameas", "eq", "ne", "in", "true", "false", "lower", "upper", "match",
        "search",
        "empty",
    ]
}

extension Evaluator {
    mutating func test(
        _ base: ExpressionNode, _ name: String, _ arguments: [ExpressionNode], _ offset: Int
    ) throws(TemplateFault) -> Bool {
        if name == "defined" || name == "undefined" {
            do throws(TemplateFault) {
                _ = try evaluate(base)
                return name == "defined"
            } catch {
                guard case .undefined = error.kind else { throw error }
                return name == "undefined"
            }
        }
        return try holds(test: name, try evaluate(base), try self.arguments(arguments), offset)
    }

    mutating func holds(
        test name: String, _ value: Value, _ arguments: [Value], _ offset: Int
    ) throws(TemplateFault) -> Bool {
        switch (name, value) {
        case ("none", _): return value == .null
        case ("string", .string), ("number", .integer), ("number", .number), ("integer", .integer), ("float", .number),
            ("boolean", .bool), ("mapping", .map), ("iterable", .list), ("iterable", .map), ("iterable", .string),
            ("sequence", .list), ("sequence", .string), ("true", .bool(true)), ("false", .bool(false)):
            return true
        case ("empty", _): return !value.isTrue
        case ("even", .integer(let number)): return number % 2 == 0
        case ("odd", .integer(let number)): return number % 2 != 0
        case ("lower", .string(let text)): return text == text.lowercased()
        case ("upper", .string(let text)): return text == text.uppercased()
        case ("divisibleby", .integer(let number)):
            guard case .integer(let divisor)? = arguments.first, divisor != 0 else {
                throw TemplateFault(.evaluation, "divisibleby takes a whole number that is not 0", at: offset)
            }
            return number.remainderReportingOverflow(dividingBy: divisor).partialValue == 0
        case ("equalto", _), ("sameas", _), ("eq", _): return arguments.first.map { value.equals($0) } ?? false
        case ("ne", _): return arguments.first.map { !value.equals($0) } ?? true
        case ("in", _):
            guard let container = arguments.first else { return false }
            return try contains(container, value, offset)
        case ("match", .string(let text)), ("search", .string(let text)):
            let pattern = arguments.first?.text ?? ""
            return try TemplateRegex.groups(name == "match" ? "^(\(pattern))" : pattern, text, offset) != nil
        default: return false
        }
    }
}
