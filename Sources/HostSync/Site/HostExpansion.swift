import Base
import Settings

/// Renders a play for one host: loops unrolled, conditions judged, templates filled in, every resource read.
struct HostExpansion {
    private static let mostItems = 100_000
    /// What may depend on facts without holding up the first question: it does not change what is asked.
    private static let late: Set<String> = ["content", "line", "block", "text"]

    let host: InventoryHost
    let site: LoadedSite
    let facts: HostFacts?
    let tags: TagSelection
    private let scope: HostScope
    private(set) var complaints: [Complaint] = []
    private var isComplete = true

    init(host: InventoryHost, site: LoadedSite, facts: HostFacts?, tags: TagSelection) {
        self.host = host
        self.site = site
        self.facts = facts
        self.tags = tags
        scope = HostScope(host: host, site: site, facts: facts)
    }

    /// - Throws: `SiteRefused` with everything that is wrong for this host.
    mutating func expand(_ play: Play) throws(SiteRefused) -> HostTasks {
        var result = HostTasks()
        for entry in play.entries {
            switch entry {
            case .flushHandlers: result.entries.append(.flushHandlers)
            case .task(let declaration):
                guard tags.includes(declaration.tags) else { continue }
                result.entries += expand(declaration).map { .task($0) }
            }
        }
        result.handlers = play.handlers.flatMap { expand($0) }
        result.declaredHandlers = Set(site.site.plays.flatMap(\.handlers).compactMap(\.name))
        result.isComplete = isComplete
        if isComplete { complaints += ClaimConflicts.find(result.tasks) }
        guard complaints.isEmpty else { throw SiteRefused(complaints: complaints) }
        return result
    }

    private mutating func expand(_ declaration: TaskDeclaration) -> [HostTask] {
        guard let loop = declaration.loop else {
            return task(declaration, item: nil).map { [$0] } ?? []
        }
        let items: [Value]
        do {
            items = try self.items(loop, declaration)
        } catch {
            note(error, declaration)
            return []
        }
        guard items.count <= HostExpansion.mostItems else {
            complaints.append(declaration.source.complaint("the loop has more than \(HostExpansion.mostItems) items"))
            return []
        }
        return items.enumerated().compactMap { index, item in
            var variables = OrderedMap<Value>()
            variables.set("item", item)
            variables.set("index", .integer(index))
            return task(declaration, item: variables)
        }
    }

    private func items(_ loop: YAMLNode, _ declaration: TaskDeclaration) throws(NodeTemplateError) -> [Value] {
        var incomplete = false
        let scope = scope.with(declaration.layers, item: nil)
        let node = try NodeTemplates.render(loop, scope, wasIncomplete: &incomplete)
        switch Value(node) {
        case .list(let items): return items
        case .map(let map):
            return map.map { pair in
                var item = OrderedMap<Value>()
                item.set("key", .string(pair.key))
                item.set("value", pair.value)
                return .map(item)
            }
        case .null: return []
        case let other: return [other]
        }
    }

    private mutating func task(_ declaration: TaskDeclaration, item: OrderedMap<Value>?) -> HostTask? {
        let files = site.files
        let scope = scope.with(declaration.layers, item: item) { name in
            files.find(name, in: declaration.source.folders).flatMap { try? files.template($0) }
        }
        var isWanted = true
        for condition in declaration.conditions {
            do throws(TemplateError) {
                if try !condition.expression.evaluate(scope).isTrue { isWanted = false }
            } catch {
                // Asked about in any case: whether it is wanted is known when the facts are.
                note(NodeTemplateError(position: condition.position, error: error), declaration)
                if error.unavailableName == nil { return nil }
            }
        }
        // What is not wanted is not read: its templates may need what only other hosts have.
        guard isWanted else { return nil }
        guard var resource = resource(declaration, scope) else { return nil }
        do {
            try resource.load(SiteContent(files: site.files, source: declaration.source, scope: scope))
        } catch {
            if error.message == SiteContent.unavailable {
                isComplete = false
            } else {
                complaints.append(declaration.source.complaint(error.message))
                return nil
            }
        }
        return HostTask(
            declaration: declaration, resource: SecretHolders.hidden(resource, site.site.redactor),
            item: item?["item"]?.text, isWanted: isWanted,
            redactor: site.site.redactor)
    }

    private mutating func resource(_ declaration: TaskDeclaration, _ scope: HostScope) -> (any Resource)? {
        if let fixed = declaration.fixed { return fixed }
        var incomplete = false
        do {
            let node = try NodeTemplates.render(
                declaration.payload, scope, tolerates: HostExpansion.late, wasIncomplete: &incomplete)
            if incomplete { isComplete = false }
            let holdsSecrets = keepSecret(declaration.payload, scope)
            let (read, found) = declaration.kind.decode(node, declaration.source.path, declaration.source.file)
            // With blanks in it, it may be wrong in ways that it will not be.
            var resource = read
            if holdsSecrets { resource = resource.map { SecretHolders.hidden($0) } }
            if !incomplete || resource != nil { complaints += found.filter { $0.severity == .error } }
            return resource
        } catch {
            note(error, declaration, scope)
            return nil
        }
    }

    /// Tells the redactor of every text that is made with a secret, whatever filters have made of it.
    ///
    /// - Returns: Whether there is any.
    private func keepSecret(_ node: YAMLNode, _ scope: HostScope) -> Bool {
        switch node.content {
        case .scalar(let scalar):
            guard Template.isTemplate(scalar.text), let template = try? Template(parsing: scalar.text) else {
                return false
            }
            let before = scope.secretsSeen
            guard let text = try? template.render(scope), scope.secretsSeen > before else { return false }
            site.site.redactor.addWhole(text)
            return true
        case .sequence(let items): return items.reduce(false) { keepSecret($1, scope) || $0 }
        case .mapping(let mapping): return mapping.entries.reduce(false) { keepSecret($1.value, scope) || $0 }
        }
    }

    private mutating func note(_ error: NodeTemplateError, _ declaration: TaskDeclaration, _ scope: HostScope? = nil) {
        if error.error.unavailableName != nil {
            isComplete = false
            return
        }
        let why = scope?.failure ?? error.error.message
        complaints.append(
            Complaint(
                file: declaration.source.file, position: error.position, path: declaration.source.path,
                "\(why) (for the host \(host.name))"))
    }
}

/// What is made with a secret: a command or a validation may print a part of it, which nobody would know again.
private enum SecretHolders {
    static func hidden(_ resource: any Resource) -> any Resource {
        (resource as? any SensitiveResource)?.hidden() ?? resource
    }

    /// The same for a template in a file, which is known only once it is rendered.
    static func hidden(_ resource: any Resource, _ redactor: Redactor) -> any Resource {
        guard let file = resource as? FileResource, file.template != nil, case .bytes(let bytes)? = file.wanted,
            !redactor.isClean(String(decoding: bytes, as: UTF8.self))
        else { return resource }
        return hidden(resource)
    }
}

/// `--tags` and `--skip-tags`.
package struct TagSelection: Sendable, Equatable {
    package var only: Set<String> = []
    package var skipped: Set<String> = []

    package init(only: Set<String> = [], skipped: Set<String> = []) {
        self.only = only
        self.skipped = skipped
    }

    /// A tag that nothing has is mistyped: with it, nothing or all would be done.
    ///
    /// - Throws: `ApusError` `no-such-tag`.
    func check(_ plays: [Play]) throws(ApusError) {
        guard !only.isEmpty || !skipped.isEmpty else { return }
        var known: Set<String> = []
        for play in plays {
            for task in play.tasks + play.handlers { known.formUnion(task.tags) }
        }
        guard let tag = only.union(skipped).subtracting(known).subtracting(["always", "never"]).min() else { return }
        let near = Suggestion.sentence(for: tag, among: known)
        let all = known.isEmpty ? "; nothing has tags" : "; there are \(known.sorted().joined(separator: ", "))"
        let hint = near.isEmpty ? all : near
        throw ApusError(code: "no-such-tag", "no resource has the tag \(tag)\(hint)", kind: .usage)
    }

    /// `always` is taken in any case, `never` only when it is asked for.
    func includes(_ tags: Set<String>) -> Bool {
        if !skipped.isDisjoint(with: tags) { return false }
        if tags.contains("never"), only.isDisjoint(with: tags) { return false }
        return only.isEmpty || tags.contains("always") || !only.isDisjoint(with: tags)
    }
}

/// The contents that one task of one host refers to.
struct SiteContent: ContentLoader {
    static let unavailable = "a fact that is not known yet"

    let files: SiteFiles
    let source: SourcePlace
    let scope: HostScope

    func file(_ name: String) throws(ResourceFault) -> Content {
        do {
            return try files.content(try find(name))
        } catch let error as ApusError {
            throw ResourceFault(error.description)
        } catch let error as ResourceFault {
            throw error
        } catch {
            throw ResourceFault("\(error)")
        }
    }

    func template(_ name: String) throws(ResourceFault) -> [UInt8] {
        let path = try find(name)
        do {
            return Array(try files.template(path).render(scope).utf8)
        } catch let error as TemplateError {
            if error.unavailableName != nil { throw ResourceFault(SiteContent.unavailable) }
            throw ResourceFault("\(path):\(scope.failure ?? error.description)")
        } catch {
            throw ResourceFault("\(error)")
        }
    }

    func tree(_ name: String) throws(ResourceFault) -> [TreeEntry] {
        do {
            return try files.tree(try find(name))
        } catch let error as ResourceFault {
            throw error
        } catch {
            throw ResourceFault("\(error)")
        }
    }

    private func find(_ name: String) throws(ResourceFault) -> String {
        if let path = files.find(name, in: source.folders) { return path }
        throw ResourceFault("there is no file \(name) in \(source.folders.joined(separator: ", "))")
    }
}
