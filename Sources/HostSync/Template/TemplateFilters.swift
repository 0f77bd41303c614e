import SSHTransport
import Settings

/// What may stand behind `|`. Names and meanings are Jinja's and Ansible's.
enum TemplateFilters {
    static let text: Set<String> = [
        "lower", "upper", "trim", "capitalize", "title", "replace", "split", "indent", "quote", "basename", "dirname",
        "regex_replace", "regex_search", "b64encode", "b64decode", "comment", "hash", "string", "int", "float", "bool",
        "to_json", "tojson", "to_yaml", "to_nice_yaml", "truncate",
    ]
    static let lists: Set<String> = [
        "join", "length", "count", "first", "last", "sort", "unique", "reverse", "list", "min", "max", "sum", "map",
        "select",
        "reject", "selectattr", "rejectattr", "dict2items", "items2dict", "items", "keys", "values", "combine",
        "flatten",
    ]
    static let others: Set<String> = ["default", "d", "mandatory", "ternary", "abs", "round"]
    static let names = text.union(lists).union(others)

    /// Filters by name for `map('upper')`, where they take a value and arguments that are known.
    static func apply(
        _ name: String, _ value: Value, _ arguments: FilterArguments, _ evaluator: inout Evaluator
    ) throws(TemplateFault) -> Value {
        try evaluator.charge(cost(value), at: arguments.offset)
        if text.contains(name) { return try TextFilters.apply(name, value, arguments) }
        if lists.contains(name) { return try evaluator.listFilter(name, value, arguments) }
        switch (name, value) {
        case ("mandatory", _): return value
        case ("ternary", _):
            let outcome = value.isTrue ? arguments.value(0) : arguments.value(1)
            guard let outcome else { throw arguments.fault("ternary takes two values") }
            return outcome
        case ("abs", .integer(let number)):
            guard number != .min else { throw arguments.fault("the number is out of range") }
            return .integer(abs(number))
        case ("abs", .number(let number)): return .number(abs(number))
        case ("round", _):
            guard let number = value.double, number.magnitude < 1e15 else { throw arguments.fault("wanted a number") }
            return .number(number.rounded())
        default: throw arguments.fault("\(value.kindName) cannot be taken by \(name)")
        }
    }

    private static func cost(_ value: Value) -> Int {
        switch value {
        case .string(let text): text.utf8.count
        case .list(let items): items.count * TemplateLimits.elementWork
        case .map(let map): map.count * TemplateLimits.elementWork
        default: 1
        }
    }
}

/// The arguments of a filter, evaluated.
struct FilterArguments {
    var positional: [Value] = []
    var named: [String: Value] = [:]
    let offset: Int

    func value(_ place: Int, _ name: String? = nil) -> Value? {
        if let name, let value = named[name] { return value }
        return positional.indices.contains(place) ? positional[place] : nil
    }

    func text(_ place: Int, _ name: String? = nil, or fallback: String? = nil) throws(TemplateFault) -> String {
        guard let text = value(place, name)?.text ?? fallback else { throw fault("an argument is missing") }
        return text
    }

    func integer(_ place: Int, _ name: String? = nil, or fallback: Int) -> Int {
        if case .integer(let value)? = value(place, name) { value } else { fallback }
    }

    func isTrue(_ place: Int, _ name: String? = nil) -> Bool { value(place, name)?.isTrue ?? false }

    func fault(_ message: String) -> TemplateFault { TemplateFault(.evaluation, message, at: offset) }
}

extension Evaluator {
    mutating func filter(_ base: ExpressionNode, _ call: FilterCall) throws(TemplateFault) -> Value {
        var arguments = FilterArguments(positional: try self.arguments(call.arguments), offset: call.offset)
        for (name, value) in call.named { arguments.named[name] = try evaluate(value) }
        if call.name == "default" || call.name == "d" { return try fallback(base, arguments) }
        if call.name == "mandatory" { return try evaluate(base) }
        return try TemplateFilters.apply(call.name, try evaluate(base), arguments, &self)
    }

    private mutating func fallback(_ base: ExpressionNode, _ arguments: FilterArguments) throws(TemplateFault) -> Value
    {
        let other = arguments.value(0, "default_value") ?? .string("")
        do throws(TemplateFault) {
            let value = try evaluate(base)
            return arguments.isTrue(1, "boolean") && !value.isTrue ? other : value
        } catch {
            guard case .undefined = error.kind else { throw error }
            return other
        }
    }
}
