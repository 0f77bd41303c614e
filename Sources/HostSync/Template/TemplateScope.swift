package import Settings

/// What a name at the top of an expression stands for.
package enum TemplateLookup: Sendable {
    case value(Value)
    case undefined
    /// The name is right, but its value comes later. Whatever touches it throws `.unavailable`, `is defined` and `default`
    /// too: nobody can say yet what they would answer.
    case unavailable
}

/// Where the names of a template come from: the variables and facts of one host.
package protocol TemplateScope {
    func lookup(_ name: String) -> TemplateLookup

    /// The names that `lookup` knows, asked for only to guess what a misspelt one meant. Optional.
    var knownNames: [String] { get }

    /// The text that `{% include %}` asks for; nil when there is none of that name, an error when it does not parse.
    /// Optional: without it, nothing can be included.
    func includedTemplate(_ name: String) throws(TemplateError) -> Template?
}

extension TemplateScope {
    package var knownNames: [String] { [] }
    package func includedTemplate(_ name: String) throws(TemplateError) -> Template? { nil }
}

/// The names of one map, and no more.
package struct MapScope: TemplateScope {
    package let map: OrderedMap<Value>

    package init(_ map: OrderedMap<Value>) {
        self.map = map
    }

    package func lookup(_ name: String) -> TemplateLookup {
        map[name].map { .value($0) } ?? .undefined
    }

    package var knownNames: [String] { map.keys }
}
