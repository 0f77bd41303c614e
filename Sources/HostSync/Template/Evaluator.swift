import Settings

/// Computes expressions for one host. Every step is charged to a budget (`TemplateLimits.work`), so that a hostile text
/// ends with an error and not with the machine.
struct Evaluator {
    let scope: any TemplateScope
    /// Names of loops and `set`, the innermost last.
    var locals: [(name: String, value: Value)] = []
    private var work = 0
    private(set) var loopSteps = 0
    /// Where the part that is being rendered stands in the text.
    var place = 0
    var filterDepth = 0
    var includeDepth = 0

    init(_ scope: any TemplateScope) { self.scope = scope }

    mutating func charge(_ amount: Int, at offset: Int) throws(TemplateFault) {
        work = work.addingReportingOverflow(max(1, amount)).partialValue
        guard work >= 0, work <= TemplateLimits.work else {
            throw TemplateFault(.limit, "this rendering takes too much work", at: offset)
        }
    }

    mutating func loopStep(at offset: Int) throws(TemplateFault) {
        loopSteps += 1
        try charge(TemplateLimits.stepWork, at: offset)
        guard loopSteps <= TemplateLimits.loopSteps else {
            throw TemplateFault(.limit, "more than \(TemplateLimits.loopSteps) turns of loops", at: offset)
        }
    }

    mutating func bind(_ name: String, _ value: Value, at offset: Int) throws(TemplateFault) {
        guard locals.count < TemplateLimits.names else {
            throw TemplateFault(.limit, "more than \(TemplateLimits.names) names at one time", at: offset)
        }
        locals.append((name, value))
    }

    mutating func evaluate(_ node: ExpressionNode) throws(TemplateFault) -> Value {
        try charge(TemplateLimits.stepWork, at: place)
        switch node {
        case .literal(let value): return value
        case .list(let items):
            var values: [Value] = []
            for item in items { values.append(try evaluate(item)) }
            return .list(values)
        case .map(let pairs):
            var map = OrderedMap<Value>()
            for pair in pairs { map.set(try evaluate(pair.key).text, try evaluate(pair.value)) }
            return .map(map)
        case .name(let name, let offset): return try lookup(name, offset)
        case .attribute(let base, let name, let offset): return try member(try evaluate(base), .string(name), offset)
        case .index(let base, let index, let offset):
            return try member(try evaluate(base), try evaluate(index), offset)
        case .slice(let base, let from, let to, let offset): return try slice(base, from, to, offset)
        case .method(let base, let name, let arguments, let offset):
            let value = try evaluate(base)
            return try method(value, name, try self.arguments(arguments), offset)
        case .function(_, let arguments, let offset): return try range(try self.arguments(arguments), offset)
        case .filter(let base, let call): return try filter(base, call)
        case .test(let base, let name, let arguments, let isNegated, let offset):
            return .bool(try test(base, name, arguments, offset) != isNegated)
        case .not(let operand): return .bool(try !evaluate(operand).isTrue)
        case .both(let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? try evaluate(right) : value
        case .either(let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? value : try evaluate(right)
        case .negative(let operand, let offset): return try arithmetic("-", .integer(0), try evaluate(operand), offset)
        case .binary(let operation, let left, let right, let offset):
            return try arithmetic(operation, try evaluate(left), try evaluate(right), offset)
        case .comparison(let first, let links, let offset): return try compare(first, links, offset)
        case .conditional(let condition, let then, let otherwise, _):
            if try evaluate(condition).isTrue { return try evaluate(then) }
            return try otherwise.map { node throws(TemplateFault) in try evaluate(node) } ?? .string("")
        }
    }

    mutating func arguments(_ nodes: [ExpressionNode]) throws(TemplateFault) -> [Value] {
        var values: [Value] = []
        for node in nodes { values.append(try evaluate(node)) }
        return values
    }

    // MARK: Names and members

    private func lookup(_ name: String, _ offset: Int) throws(TemplateFault) -> Value {
        if let local = locals.last(where: { $0.name == name }) { return local.value }
        switch scope.lookup(name) {
        case .value(let value): return value
        case .unavailable: throw TemplateFault(.unavailable(name), "\(name) is not known yet", at: offset)
        case .undefined:
            let hint = Suggestion.sentence(for: name, among: scope.knownNames + locals.map(\.name))
            throw TemplateFault(.undefined(name), "\"\(name)\" is not defined\(hint)", at: offset)
        }
    }

    private func member(_ value: Value, _ key: Value, _ offset: Int) throws(TemplateFault) -> Value {
        switch (value, key) {
        case (.map(let map), _):
            if let found = map[key.text] { return found }
            let hint = Suggestion.sentence(for: key.text, among: map.keys)
            throw TemplateFault(.undefined(key.text), "there is no key \"\(key.text)\"\(hint)", at: offset)
        case (.list(let items), .integer(let index)):
            let place = index < 0 ? items.count + index : index
            guard items.indices.contains(place) else {
                throw TemplateFault(
                    .undefined("\(index)"), "the list has no item \(index), it has \(items.count)", at: offset)
            }
            return items[place]
        case (.string(let text), .integer(let index)):
            let scalars = Array(text.unicodeScalars)
            let place = index < 0 ? scalars.count + index : index
            guard scalars.indices.contains(place) else {
                throw TemplateFault(.undefined("\(index)"), "the text has no character \(index)", at: offset)
            }
            return .string(String(scalars[place]))
        default:
            throw TemplateFault(.undefined(key.text), "\(value.kindName) has no \"\(key.text)\"", at: offset)
        }
    }

    private mutating func slice(
        _ base: ExpressionNode, _ from: ExpressionNode?, _ to: ExpressionNode?, _ offset: Int
    ) throws(TemplateFault) -> Value {
        let value = try evaluate(base)
        let first = try from.map { node throws(TemplateFault) in try bound(node, offset) }
        let last = try to.map { node throws(TemplateFault) in try bound(node, offset) }
        func range(_ count: Int) -> Range<Int> {
            func place(_ index: Int) -> Int { min(count, max(0, index < 0 ? count + index : index)) }
            let start = place(first ?? 0)
            return start..<max(start, place(last ?? count))
        }
        switch value {
        case .list(let items): return .list(Array(items[range(items.count)]))
        case .string(let text):
            let scalars = Array(text.unicodeScalars)
            return .string(String(String.UnicodeScalarView(scalars[range(scalars.count)])))
        default: throw TemplateFault(.evaluation, "\(value.kindName) cannot be sliced", at: offset)
        }
    }

    private mutating func bound(_ node: ExpressionNode, _ offset: Int) throws(TemplateFault) -> Int {
        let value = try evaluate(node)
        guard case .integer(let index) = value, abs(index / 2) < 1 << 40 else {
            throw TemplateFault(.evaluation, "found \(value.kindName), wanted a whole number", at: offset)
        }
        return index
    }

    private mutating func range(_ arguments: [Value], _ offset: Int) throws(TemplateFault) -> Value {
        let numbers = arguments.compactMap { if case .integer(let value) = $0 { value } else { nil } }
        guard (1...3).contains(arguments.count), numbers.count == arguments.count, numbers.count < 3 || numbers[2] != 0
        else {
            throw TemplateFault(.evaluation, "range takes one to three whole numbers", at: offset)
        }
        let (start, end) = numbers.count == 1 ? (0, numbers[0]) : (numbers[0], numbers[1])
        let step = numbers.count == 3 ? numbers[2] : 1
        var values: [Value] = []
        var place = start
        while step > 0 ? place < end : place > end {
            guard values.count < TemplateLimits.rangeElements else {
                throw TemplateFault(
                    .limit, "the range has more than \(TemplateLimits.rangeElements) elements", at: offset)
            }
            values.append(.integer(place))
            let (next, overflow) = place.addingReportingOverflow(step)
            if overflow { break }
            place = next
        }
        try charge(values.count * TemplateLimits.elementWork, at: offset)
        return .list(values)
    }
}
