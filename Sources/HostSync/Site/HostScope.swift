import Settings

/// The names that templates and conditions of one host see, the innermost first: the loop's item, parameters of roles and
/// includes, the play's variables, the host's and its groups', the site's, the defaults of roles. And always `facts`,
/// `host`, `groups`.
///
/// A variable that holds a template is rendered when it is asked for, once.
final class HostScope: TemplateScope {
    /// Variables that name each other: a cycle ends here.
    private static let deepest = 32

    private var layers: [OrderedMap<Value>]
    private let facts: HostFacts?
    private let hostVariables: OrderedMap<Value>
    private var rendered: [String: TemplateLookup] = [:]
    private var depth = 0
    /// Why a variable could not be rendered: a lookup itself cannot throw.
    private(set) var failure: String?
    /// How often a value was handed out that holds a secret.
    private(set) var secretsSeen = 0
    private let redactor: Redactor
    /// Finds what `{% include %}` names.
    private let include: (String) -> Template?

    /// - Parameter facts: Nil while they are not known.
    init(host: InventoryHost, site: LoadedSite, facts: HostFacts?) {
        self.facts = facts
        var own = OrderedMap<Value>()
        own.set("host", .string(host.name))
        own.set("inventory_hostname", .string(host.name))
        own.set("groups", .list(host.groups.map { .string($0) }))
        own.set("group_names", .list(host.groups.map { .string($0) }))
        include = { _ in nil }
        redactor = site.site.redactor
        hostVariables = host.variables
        layers = [own, site.overrides, hostVariables, site.site.variables]
    }

    /// The same names with more of them around: of a task, of a loop's item.
    func with(
        _ task: TaskLayers, item: OrderedMap<Value>?, include: @escaping (String) -> Template? = { _ in nil }
    ) -> HostScope {
        HostScope(self, task, item: item, include: include)
    }

    func includedTemplate(_ name: String) throws(TemplateError) -> Template? { include(name) }

    private init(
        _ outer: HostScope, _ task: TaskLayers, item: OrderedMap<Value>?, include: @escaping (String) -> Template?
    ) {
        self.include = include
        redactor = outer.redactor
        facts = outer.facts
        hostVariables = outer.hostVariables
        let parameters = task.parameters.reversed()
        layers =
            Array(outer.layers[..<2]) + (item.map { [$0] } ?? []) + parameters + outer.layers[2...]
            + task.defaults.reversed()
    }

    func lookup(_ name: String) -> TemplateLookup {
        let found = value(of: name)
        if case .value(let value) = found, name != "facts", !redactor.isClean(value.text) { secretsSeen += 1 }
        return found
    }

    private func value(of name: String) -> TemplateLookup {
        if name == "facts" { return facts.map { .value(.map($0.values)) } ?? .unavailable }
        if let known = rendered[name] { return known }
        guard let raw = layers.lazy.compactMap({ $0[name] }).first else { return .undefined }
        guard depth < HostScope.deepest else {
            failure = "the variable \(name) is made of variables that are made of it"
            return .undefined
        }
        depth += 1
        defer { depth -= 1 }
        let result: TemplateLookup
        do {
            result = .value(try render(raw))
        } catch {
            if error.unavailableName != nil {
                result = .unavailable
            } else {
                if failure == nil { failure = "in the variable \(name): \(error.message)" }
                result = .undefined
            }
        }
        rendered[name] = result
        return result
    }

    var knownNames: [String] {
        ["facts"] + layers.flatMap(\.keys)
    }

    private func render(_ value: Value) throws(TemplateError) -> Value {
        switch value {
        case .string(let text):
            return Template.isTemplate(text) ? try Template(parsing: text).value(self) : value
        case .list(let items):
            var result: [Value] = []
            for item in items { result.append(try render(item)) }
            return .list(result)
        case .map(let map):
            var result = OrderedMap<Value>()
            for pair in map { result.set(pair.key, try render(pair.value)) }
            return .map(result)
        default: return value
        }
    }
}
