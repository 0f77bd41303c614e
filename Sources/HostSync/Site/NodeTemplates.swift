import Settings

/// Templates in the scalars of a declaration: found, checked, and rendered for one host.
enum NodeTemplates {
    /// - Parameter report: Takes what does not parse, with its place in the file.
    /// - Returns: Whether any scalar is a template.
    static func check(_ node: YAMLNode, report: (SourcePosition, String) -> Void) -> Bool {
        switch node.content {
        case .scalar(let scalar):
            guard Template.isTemplate(scalar.text) else { return false }
            do {
                _ = try Template(parsing: scalar.text)
            } catch {
                report(node.position, "the template does not read, at \(error.description)")
            }
            return true
        case .sequence(let items):
            return items.reduce(false) { check($1, report: report) || $0 }
        case .mapping(let mapping):
            return mapping.entries.reduce(false) { check($1.value, report: report) || $0 }
        }
    }

    /// The node with every template in it rendered. A scalar that is one expression keeps that expression's type.
    ///
    /// - Parameter tolerates: Which keys may stay empty while something they need is not known yet.
    /// - Throws: `NodeTemplateError`.
    static func render(
        _ node: YAMLNode, _ scope: some TemplateScope, tolerates: Set<String> = [], isTolerant: Bool = false,
        wasIncomplete: inout Bool
    ) throws(NodeTemplateError) -> YAMLNode {
        switch node.content {
        case .scalar(let scalar):
            guard Template.isTemplate(scalar.text) else { return node }
            do {
                let value = try Template(parsing: scalar.text).value(scope)
                return YAMLNode(value, position: node.position)
            } catch {
                if isTolerant, error.unavailableName != nil {
                    wasIncomplete = true
                    return YAMLNode(.scalar(YAMLScalar("", isPlain: false)), position: node.position)
                }
                throw NodeTemplateError(position: node.position, error: error)
            }
        case .sequence(let items):
            var rendered: [YAMLNode] = []
            for item in items {
                rendered.append(
                    try render(item, scope, tolerates: tolerates, isTolerant: isTolerant, wasIncomplete: &wasIncomplete)
                )
            }
            return YAMLNode(.sequence(rendered), position: node.position, tag: node.tag)
        case .mapping(let mapping):
            var pairs: [(key: String, keyPosition: SourcePosition, value: YAMLNode)] = []
            for entry in mapping.entries {
                let value = try render(
                    entry.value, scope, tolerates: tolerates,
                    isTolerant: isTolerant || tolerates.contains(entry.key), wasIncomplete: &wasIncomplete)
                pairs.append((entry.key, entry.keyPosition, value))
            }
            return YAMLNode(.mapping(YAMLMapping(pairs)), position: node.position, tag: node.tag)
        }
    }
}

struct NodeTemplateError: Error {
    let position: SourcePosition
    let error: TemplateError
}

extension YAMLNode {
    /// A value that no file holds as it is. Text is quoted text, so that it stays text.
    init(_ value: Value, position: SourcePosition) {
        switch value {
        case .null: self.init(.scalar(YAMLScalar("", isPlain: true)), position: position)
        case .bool, .integer, .number: self.init(.scalar(YAMLScalar(value.text, isPlain: true)), position: position)
        case .string(let text): self.init(.scalar(YAMLScalar(text, isPlain: false)), position: position)
        case .list(let items):
            self.init(.sequence(items.map { YAMLNode($0, position: position) }), position: position)
        case .map(let map):
            let pairs = map.map { (key: $0.key, keyPosition: position, value: YAMLNode($0.value, position: position)) }
            self.init(.mapping(YAMLMapping(pairs)), position: position)
        }
    }
}
