import Settings

/// Reads tokens into a tree by precedence climbing, in Jinja's order: inline if, or, and, not, comparisons, `~`, + and -,
/// * / // %, unary minus, then attributes, calls, filters and tests, which bind closest.
struct ExpressionParser {
    private let tokens: [ExpressionToken]
    private var place = 0
    private var depth = 0

    init(_ tokens: [ExpressionToken]) { self.tokens = tokens }

    /// The whole of the tokens as one expression.
    static func parse(_ bytes: ArraySlice<UInt8>, base: Int = 0) throws(TemplateFault) -> ExpressionNode {
        var lexer = ExpressionLexer(bytes, base: base)
        var parser = ExpressionParser(try lexer.tokens())
        let node = try parser.expression()
        try parser.expectEnd()
        return node
    }

    // MARK: Tokens

    var token: ExpressionToken { tokens[place] }

    mutating func advance() { if place + 1 < tokens.count { place += 1 } }

    mutating func take(_ symbol: String) -> Bool {
        guard token.kind == .symbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func takeName(_ name: String) -> Bool {
        guard token.kind == .name(name) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: String) throws(TemplateFault) {
        if !take(symbol) { throw TemplateFault(.syntax, "wanted \(symbol)", at: token.offset) }
    }

    mutating func name() throws(TemplateFault) -> String {
        guard case .name(let name) = token.kind else { throw TemplateFault(.syntax, "wanted a name", at: token.offset) }
        advance()
        return name
    }

    func expectEnd() throws(TemplateFault) {
        guard token.kind == .end else {
            throw TemplateFault(.syntax, "the expression has ended before this", at: token.offset)
        }
    }

    private mutating func nested(
        _ body: (inout ExpressionParser) throws(TemplateFault) -> ExpressionNode
    ) throws(TemplateFault) -> ExpressionNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= TemplateLimits.expressionDepth else {
            throw TemplateFault(.limit, "nested more than \(TemplateLimits.expressionDepth) deep", at: token.offset)
        }
        return try body(&self)
    }

    // MARK: Precedence

    mutating func expression() throws(TemplateFault) -> ExpressionNode {
        try nested { parser throws(TemplateFault) in
            let value = try parser.disjunction()
            let offset = parser.token.offset
            guard parser.takeName("if") else { return value }
            let condition = try parser.disjunction()
            let otherwise = parser.takeName("else") ? try parser.expression() : nil
            return .conditional(condition: condition, then: value, otherwise: otherwise, offset)
        }
    }

    private mutating func disjunction() throws(TemplateFault) -> ExpressionNode {
        var left = try conjunction()
        var count = 0
        while takeName("or") {
            left = .either(left, try conjunction())
            try bound(&count)
        }
        return left
    }

    private mutating func conjunction() throws(TemplateFault) -> ExpressionNode {
        var left = try negation()
        var count = 0
        while takeName("and") {
            left = .both(left, try negation())
            try bound(&count)
        }
        return left
    }

    private mutating func negation() throws(TemplateFault) -> ExpressionNode {
        guard takeName("not") else { return try comparison() }
        return .not(try nested { parser throws(TemplateFault) in try parser.negation() })
    }

    private mutating func comparison() throws(TemplateFault) -> ExpressionNode {
        let left = try concatenation()
        let offset = token.offset
        var links: [(operation: String, operand: ExpressionNode)] = []
        while let operation = comparisonOperation() { links.append((operation, try concatenation())) }
        return links.isEmpty ? left : .comparison(left, links, offset)
    }

    private mutating func comparisonOperation() -> String? {
        for symbol in ["==", "!=", "<=", ">=", "<", ">"] where take(symbol) { return symbol }
        if takeName("in") { return "in" }
        if token.kind == .name("not"), place + 1 < tokens.count, tokens[place + 1].kind == .name("in") {
            advance()
            advance()
            return "not in"
        }
        return nil
    }

    private mutating func concatenation() throws(TemplateFault) -> ExpressionNode {
        try chain(["~"]) { parser throws(TemplateFault) in
            try parser.chain(["+", "-"]) { parser throws(TemplateFault) in
                try parser.chain(["*", "//", "/", "%"]) { parser throws(TemplateFault) in try parser.unary() }
            }
        }
    }

    private mutating func chain(
        _ symbols: [String], _ next: (inout ExpressionParser) throws(TemplateFault) -> ExpressionNode
    ) throws(TemplateFault) -> ExpressionNode {
        var left = try next(&self)
        var count = 0
        while case .symbol(let symbol) = token.kind, symbols.contains(symbol) {
            let offset = token.offset
            advance()
            left = .binary(symbol, left, try next(&self), offset)
            try bound(&count)
        }
        return left
    }

    /// A long chain is a deep tree, which evaluation walks by recursion.
    private func bound(_ count: inout Int) throws(TemplateFault) {
        count += 1
        guard count <= TemplateLimits.expressionDepth * 4 else {
            throw TemplateFault(.limit, "too many operators in a row", at: token.offset)
        }
    }

    private mutating func unary() throws(TemplateFault) -> ExpressionNode {
        let offset = token.offset
        if take("-") {
            let operand = try nested { parser throws(TemplateFault) in try parser.unary() }
            return .negative(operand, offset)
        }
        if take("+") { return try nested { parser throws(TemplateFault) in try parser.unary() } }
        return try postfix()
    }

    // MARK: What binds closest

    private mutating func postfix() throws(TemplateFault) -> ExpressionNode {
        var value = try primary()
        var count = 0
        while true {
            let offset = token.offset
            if take(".") {
                value = try member(of: value, offset)
            } else if take("[") {
                value = try subscripted(value, offset)
            } else if take("|") {
                value = .filter(value, try filterCall())
            } else if token.kind == .name("is") {
                advance()
                value = try test(of: value, offset)
            } else {
                return value
            }
            try bound(&count)
        }
    }

    private mutating func member(of value: ExpressionNode, _ offset: Int) throws(TemplateFault) -> ExpressionNode {
        if case .integer(let index) = token.kind {
            advance()
            return .index(value, .literal(.integer(index)), offset)
        }
        let name = try name()
        guard take("(") else { return .attribute(value, name, offset) }
        return .method(value, name, try arguments().positional, offset)
    }

    private mutating func subscripted(_ value: ExpressionNode, _ offset: Int) throws(TemplateFault) -> ExpressionNode {
        let from = token.kind == .symbol(":") ? nil : try expression()
        if take(":") {
            let to = token.kind == .symbol("]") ? nil : try expression()
            try expect("]")
            return .slice(value, from: from, to: to, offset)
        }
        try expect("]")
        guard let from else { throw TemplateFault(.syntax, "wanted an index", at: offset) }
        return .index(value, from, offset)
    }

    mutating func filterCall() throws(TemplateFault) -> FilterCall {
        let offset = token.offset
        let name = try name()
        let given = take("(") ? try arguments() : ([], [])
        guard TemplateFilters.names.contains(name) else {
            let hint = Suggestion.sentence(for: name, among: Array(TemplateFilters.names))
            throw TemplateFault(.syntax, "there is no filter \(name)\(hint)", at: offset)
        }
        return FilterCall(name: name, arguments: given.0, named: given.1, offset: offset)
    }

    private mutating func test(of value: ExpressionNode, _ offset: Int) throws(TemplateFault) -> ExpressionNode {
        let isNegated = takeName("not")
        let name = try name()
        guard TemplateTests.names.contains(name) else {
            let hint = Suggestion.sentence(for: name, among: Array(TemplateTests.names))
            throw TemplateFault(.syntax, "there is no test \(name)\(hint)", at: offset)
        }
        var given: [ExpressionNode] = []
        if take("(") {
            given = try arguments().positional
        } else if TemplateTests.taking.contains(name) {
            given = [try primary()]
        }
        return .test(value, name, given, isNegated: isNegated, offset)
    }

    private mutating func arguments() throws(TemplateFault) -> (
        positional: [ExpressionNode], named: [(name: String, value: ExpressionNode)]
    ) {
        var positional: [ExpressionNode] = []
        var named: [(name: String, value: ExpressionNode)] = []
        while !take(")") {
            if !positional.isEmpty || !named.isEmpty { try expect(",") }
            if take(")") { break }
            if case .name(let name) = token.kind, place + 1 < tokens.count, tokens[place + 1].kind == .symbol("=") {
                advance()
                advance()
                named.append((name, try expression()))
            } else {
                positional.append(try expression())
            }
        }
        return (positional, named)
    }

    private mutating func primary() throws(TemplateFault) -> ExpressionNode {
        let token = token
        switch token.kind {
        case .text(let text):
            advance()
            return .literal(.string(text))
        case .integer(let value):
            advance()
            return .literal(.integer(value))
        case .number(let value):
            advance()
            return .literal(.number(value))
        case .name(let name):
            advance()
            switch name {
            case "true", "True": return .literal(.bool(true))
            case "false", "False": return .literal(.bool(false))
            case "none", "None", "null": return .literal(.null)
            case "and", "or", "not", "in", "is", "if", "else":
                throw TemplateFault(.syntax, "\(name) cannot stand here", at: token.offset)
            default:
                guard take("(") else { return .name(name, token.offset) }
                guard name == "range" else {
                    throw TemplateFault(.syntax, "there is no function \(name)", at: token.offset)
                }
                return .function(name, try arguments().positional, token.offset)
            }
        case .symbol("("):
            advance()
            let value = try expression()
            guard token.kind != .end, self.token.kind == .symbol(",") else {
                try expect(")")
                return value
            }
            return .list(try items(first: value, until: ")"))
        case .symbol("["):
            advance()
            return .list(try items(first: nil, until: "]"))
        case .symbol("{"):
            advance()
            return try mapping()
        case .end: throw TemplateFault(.syntax, "an expression is missing", at: token.offset)
        case .symbol(let symbol): throw TemplateFault(.syntax, "\(symbol) cannot stand here", at: token.offset)
        }
    }

    private mutating func items(first: ExpressionNode?, until end: String) throws(TemplateFault) -> [ExpressionNode] {
        var items = first.map { [$0] } ?? []
        while !take(end) {
            if !items.isEmpty { try expect(",") }
            if take(end) { break }
            items.append(try expression())
        }
        return items
    }

    private mutating func mapping() throws(TemplateFault) -> ExpressionNode {
        var pairs: [(key: ExpressionNode, value: ExpressionNode)] = []
        while !take("}") {
            if !pairs.isEmpty { try expect(",") }
            if take("}") { break }
            let key = try expression()
            try expect(":")
            pairs.append((key, try expression()))
        }
        return .map(pairs)
    }
}
