/// A text with `{{ values }}`, `{% if %}` and `{% for %}`, `{% set %}`, `{# comments #}` and `{% raw %}`: parsed once,
/// rendered for many hosts.
///
/// White space is Ansible's: the newline behind a `{% … %}` goes, `-` inside of the braces takes what is around them. A
/// last newline stays. Bounds are in `TemplateLimits`.
package struct Template: Sendable {
    let parts: [TemplatePart]
    let source: [UInt8]

    /// Whether the text holds anything to render; nearly none does.
    package static func isTemplate(_ text: String) -> Bool {
        var isOpen = false
        for byte in text.utf8 {
            if isOpen, byte == UInt8(ascii: "{") || byte == UInt8(ascii: "%") || byte == UInt8(ascii: "#") {
                return true
            }
            isOpen = byte == UInt8(ascii: "{")
        }
        return false
    }

    /// - Throws: `TemplateError` with line and column within `text`.
    package init(parsing text: String) throws(TemplateError) {
        source = Array(text.utf8)
        guard source.count <= TemplateLimits.textBytes else {
            throw TemplateError(TemplateFault(.limit, "the template is too long", at: 0), in: [])
        }
        do throws(TemplateFault) {
            var parser = TemplateParser(source)
            parts = try parser.parse()
        } catch {
            throw TemplateError(error, in: source)
        }
    }

    /// - Throws: `TemplateError`, of kind `unavailable` where a value comes only later.
    package func render(_ scope: some TemplateScope) throws(TemplateError) -> String {
        var evaluator = Evaluator(scope)
        var output: [UInt8] = []
        do throws(TemplateFault) {
            try evaluator.render(parts, into: &output)
        } catch {
            throw TemplateError(error, in: source)
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The value of a text that is one `{{ expression }}` and nothing else, with its type; else the rendered text.
    package func value(_ scope: some TemplateScope) throws(TemplateError) -> Value {
        guard parts.count == 1, case .output(let node, _) = parts[0] else { return .string(try render(scope)) }
        var evaluator = Evaluator(scope)
        do throws(TemplateFault) {
            return try evaluator.evaluate(node)
        } catch {
            throw TemplateError(error, in: source)
        }
    }
}

/// A piece of a template; the numbers are places in its text.
indirect enum TemplatePart: Sendable {
    case text([UInt8])
    case output(ExpressionNode, Int)
    case conditional([(condition: ExpressionNode?, parts: [TemplatePart])])
    case loop(
        names: [String], ExpressionNode, condition: ExpressionNode?, parts: [TemplatePart], otherwise: [TemplatePart],
        Int)
    case set(String, ExpressionNode, Int)
    case include(ExpressionNode, Int)
}

extension Evaluator {
    mutating func render(_ parts: [TemplatePart], into output: inout [UInt8]) throws(TemplateFault) {
        for part in parts {
            switch part {
            case .text(let bytes): try append(bytes, to: &output, at: 0)
            case .output(let node, let offset):
                place = offset
                try append(Array(try evaluate(node).text.utf8), to: &output, at: offset)
            case .conditional(let branches):
                for branch in branches {
                    if let condition = branch.condition, try !evaluate(condition).isTrue { continue }
                    try render(branch.parts, into: &output)
                    break
                }
            case .loop(let names, let node, let condition, let body, let otherwise, let offset):
                try loop(names, node, condition, body, otherwise, offset, &output)
            case .set(let name, let node, let offset):
                place = offset
                let value = try evaluate(node)
                if let place = locals.lastIndex(where: { $0.name == name }) {
                    locals[place].value = value
                } else {
                    try bind(name, value, at: offset)
                }
            case .include(let node, let offset): try include(try evaluate(node).text, offset, &output)
            }
        }
    }

    private mutating func append(_ bytes: [UInt8], to output: inout [UInt8], at offset: Int) throws(TemplateFault) {
        try charge(bytes.count, at: offset)
        guard output.count + bytes.count <= TemplateLimits.outputBytes else {
            throw TemplateFault(.limit, "the text would be longer than \(TemplateLimits.outputBytes) bytes", at: offset)
        }
        output += bytes
    }

    private mutating func loop(
        _ names: [String], _ node: ExpressionNode, _ condition: ExpressionNode?, _ body: [TemplatePart],
        _ otherwise: [TemplatePart], _ offset: Int, _ output: inout [UInt8]
    ) throws(TemplateFault) {
        let arguments = FilterArguments(offset: offset)
        place = offset
        var items = try ListFilters.items(try evaluate(node), "for", arguments)
        let outer = locals.count
        defer { locals.removeLast(locals.count - outer) }
        if let condition {
            var kept: [Value] = []
            for item in items {
                try bindItem(names, item, arguments)
                if try evaluate(condition).isTrue { kept.append(item) }
                locals.removeLast(locals.count - outer)
            }
            items = kept
        }
        if items.isEmpty { return try render(otherwise, into: &output) }
        for (index, item) in items.enumerated() {
            try loopStep(at: offset)
            try bindItem(names, item, arguments)
            try bind("loop", LoopState.value(index, items.count), at: offset)
            try render(body, into: &output)
            locals.removeLast(locals.count - outer)
        }
    }

    private mutating func bindItem(_ names: [String], _ item: Value, _ arguments: FilterArguments) throws(TemplateFault)
    {
        guard names.count > 1 else { return try bind(names[0], item, at: arguments.offset) }
        guard case .list(let parts) = item, parts.count == names.count else {
            throw arguments.fault(
                "the loop has \(names.count) names, and an item is \(item.kindName); give map.items()")
        }
        for (name, part) in zip(names, parts) { try bind(name, part, at: arguments.offset) }
    }

    private mutating func include(_ name: String, _ offset: Int, _ output: inout [UInt8]) throws(TemplateFault) {
        guard includeDepth < TemplateLimits.includeDepth else {
            throw TemplateFault(
                .limit, "templates include each other more than \(TemplateLimits.includeDepth) deep", at: offset)
        }
        let found: Template?
        do throws(TemplateError) {
            found = try scope.includedTemplate(name)
        } catch {
            throw TemplateFault(error)
        }
        guard let template = found else {
            throw TemplateFault(.evaluation, "there is no template \(name) to include", at: offset)
        }
        includeDepth += 1
        defer { includeDepth -= 1 }
        do throws(TemplateFault) {
            try render(template.parts, into: &output)
        } catch {
            throw TemplateFault(TemplateError(error, in: template.source, template: name))
        }
    }
}
