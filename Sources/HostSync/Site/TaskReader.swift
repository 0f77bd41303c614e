import Base
import Settings

/// Reads `resources:` and `handlers:` lists, with the includes and roles in them, into one flat list.
///
/// Everything that can be said without a host is said here, with its place: unknown keys, wrong values, templates that do
/// not parse, cycles of includes.
struct TaskReader {
    /// Nested includes and roles; a cycle ends here at the latest.
    private static let deepest = 32
    private static let mostTasks = 100_000
    private static let modifiers = ["name", "when", "loop", "notify", "requires", "tags", "ignoreErrors", "vars"]
    private static let containers = ["include", "role", "resources", "flush"]

    /// What surrounds the list that is being read.
    struct Surroundings {
        var file: String
        var folders: [String]
        var siteFolder: String
        var conditions: [Condition] = []
        var tags: Set<String> = []
        var layers = TaskLayers()
        var notify: [String] = []
        var depth = 0
    }

    var complaints: [Complaint] = []
    private(set) var handlers: [TaskDeclaration] = []
    private(set) var count = 0
    let files: SiteFiles

    init(files: SiteFiles) { self.files = files }

    mutating func entries(_ node: YAMLNode, at path: SettingsPath, _ around: Surroundings) -> [TaskEntry] {
        guard let items = node.sequence else {
            if !node.isNull {
                refuse(around, node.position, path, "found \(node.kindName), wanted a list of resources")
            }
            return []
        }
        var result: [TaskEntry] = []
        for (index, item) in items.enumerated() {
            result += entry(item, at: path.appending(.index(index)), around)
        }
        return result
    }

    mutating func readHandlers(_ node: YAMLNode, at path: SettingsPath, _ around: Surroundings) {
        for case .task(let task) in entries(node, at: path, around) {
            if task.name == nil {
                refuse(
                    around, task.source.position, task.source.path, "a handler needs a name, by which it is notified")
            } else if handlers.contains(where: { $0.name == task.name }) {
                refuse(around, task.source.position, task.source.path, "an earlier handler has this name")
            }
            handlers.append(task)
        }
    }

    private mutating func entry(_ node: YAMLNode, at path: SettingsPath, _ around: Surroundings) -> [TaskEntry] {
        guard let mapping = node.mapping, !mapping.isEmpty else {
            if node.text == "flush" { return [.flushHandlers] }
            refuse(
                around, node.position, path, "found \(node.kindName), wanted a resource such as file: {path: /etc/motd}"
            )
            return []
        }
        let known = ResourceCatalogue.keywords + TaskReader.containers
        var subject: YAMLMapping.Entry?
        var isRefused = false
        for entry in mapping.entries where !TaskReader.modifiers.contains(entry.key) {
            guard known.contains(entry.key) else {
                refuse(
                    around, entry.keyPosition, path.appending(.key(entry.key)),
                    "unknown key\(TaskReader.hint(entry.key, known))")
                isRefused = true
                continue
            }
            if let subject {
                let message = "the entry is \(subject.key) already: make two entries of it"
                refuse(around, entry.keyPosition, path.appending(.key(entry.key)), message)
                return []
            }
            subject = entry
        }
        if isRefused { return [] }
        guard let subject else {
            refuse(around, node.position, path, "no resource is named: wanted one of \(known.joined(separator: ", "))")
            return []
        }
        let modifiers = modifiers(mapping, at: path, around)
        if TaskReader.containers.contains(subject.key) {
            for entry in mapping.entries where ["name", "loop", "requires", "ignoreErrors"].contains(entry.key) {
                refuse(
                    around, entry.keyPosition, path.appending(.key(entry.key)),
                    "has no meaning at \(subject.key): give it to the resources in it")
            }
        }
        switch subject.key {
        case "flush": return [.flushHandlers]
        case "resources":
            return entries(subject.value, at: path.appending(.key("resources")), inner(around, modifiers))
        case "include": return include(subject, at: path, inner(around, modifiers))
        case "role": return role(subject, at: path, inner(around, modifiers))
        default: return task(subject, at: path, modifiers, around).map { [.task($0)] } ?? []
        }
    }

    /// What Ansible calls something that has another name here.
    private static func hint(_ key: String, _ known: [String]) -> String {
        if let own = AnsibleNames.own[key] { return ": Ansible's \(key) is \(own) here" }
        if AnsibleNames.absent.contains(key) {
            return
                ": Ansible's \(key) has no counterpart, a resource says what is to be (docs/sync.md, Coming from Ansible)"
        }
        let near = Suggestion.sentence(for: key, among: known + modifiers)
        guard near.isEmpty else { return near }
        return ", known are \(known.joined(separator: ", ")), and beside them \(modifiers.joined(separator: ", "))"
    }

    // MARK: Modifiers

    private struct Modifiers {
        var name: String?
        var conditions: [Condition] = []
        var loop: YAMLNode?
        var notify: [String] = []
        var requires: [String] = []
        var tags: Set<String> = []
        var ignoresErrors = false
        var variables = OrderedMap<Value>()
    }

    private mutating func modifiers(_ mapping: YAMLMapping, at path: SettingsPath, _ around: Surroundings) -> Modifiers
    {
        var result = Modifiers()
        for entry in mapping.entries {
            let own = path.appending(.key(entry.key))
            switch entry.key {
            case "name": result.name = words(entry.value, at: own, around, many: false).first
            case "notify":
                result.notify = words(entry.value, at: own, around)
                if result.notify.contains(where: Template.isTemplate) {
                    refuse(
                        around, entry.value.position, own,
                        "a handler is notified by its name; a template is not rendered here")
                }
            case "requires": result.requires = words(entry.value, at: own, around)
            case "tags": result.tags = Set(words(entry.value, at: own, around))
            case "when": result.conditions = conditions(entry.value, at: own, around)
            case "loop": result.loop = entry.value
            case "vars":
                if let map = Value(files.opened(entry.value, around.file, &complaints)).map {
                    result.variables = map
                } else {
                    refuse(
                        around, entry.value.position, own,
                        "found \(entry.value.kindName), wanted a mapping of variables")
                }
            case "ignoreErrors":
                if entry.value.scalar?.kind == .boolean {
                    result.ignoresErrors = entry.value.text?.lowercased() == "true"
                } else {
                    refuse(around, entry.value.position, own, "found \(entry.value.kindName), wanted true or false")
                }
            default: continue
            }
        }
        return result
    }

    private mutating func words(
        _ node: YAMLNode, at path: SettingsPath, _ around: Surroundings, many: Bool = true
    ) -> [String] {
        let items = node.sequence ?? [node]
        let texts = items.compactMap(\.text).filter { !$0.isEmpty }
        if texts.count != items.count || !many && node.sequence != nil {
            refuse(around, node.position, path, "found \(node.kindName), wanted text\(many ? " or a list of it" : "")")
        }
        return texts
    }

    private mutating func conditions(_ node: YAMLNode, at path: SettingsPath, _ around: Surroundings) -> [Condition] {
        (node.sequence ?? [node]).compactMap { (item) -> Condition? in
            guard let text = item.text else {
                refuse(
                    around, item.position, path,
                    "found \(item.kindName), wanted a condition such as facts.os.id == 'debian'")
                return nil
            }
            guard !text.contains("{{") else {
                refuse(around, item.position, path, "a condition is an expression as it stands, without {{ }}")
                return nil
            }
            do throws(TemplateError) {
                return Condition(expression: try Expression(parsing: text), position: item.position, text: text)
            } catch {
                refuse(around, item.position, path, "the condition does not read: \(error.message)")
                return nil
            }
        }
    }

    // MARK: Resources

    private mutating func task(
        _ subject: YAMLMapping.Entry, at path: SettingsPath, _ modifiers: Modifiers, _ around: Surroundings
    ) -> TaskDeclaration? {
        guard let kind = ResourceCatalogue.kind(subject.key) else { return nil }
        let path = path.appending(.key(subject.key))
        count += 1
        guard count <= TaskReader.mostTasks else {
            if count == TaskReader.mostTasks + 1 {
                refuse(around, subject.keyPosition, path, "more than \(TaskReader.mostTasks) resources")
            }
            return nil
        }
        let payload = files.opened(subject.value, around.file, &complaints)
        let isTemplate = NodeTemplates.check(payload) { position, message in
            refuse(around, position, path, message)
        }
        var fixed: (any Resource)?
        if !isTemplate {
            let (resource, found) = kind.decode(payload, path, around.file)
            complaints += found
            fixed = resource
        }
        var layers = around.layers
        if !modifiers.variables.isEmpty { layers.parameters.append(modifiers.variables) }
        return TaskDeclaration(
            number: count, kind: kind, payload: payload,
            source: SourcePlace(
                file: around.file, position: subject.keyPosition, path: path, folders: around.folders),
            name: modifiers.name, conditions: around.conditions + modifiers.conditions, loop: modifiers.loop,
            notify: around.notify + modifiers.notify, requires: modifiers.requires,
            tags: around.tags.union(modifiers.tags), layers: layers, fixed: fixed,
            ignoresErrors: modifiers.ignoresErrors)
    }

    private func inner(_ around: Surroundings, _ modifiers: Modifiers) -> Surroundings {
        var inner = around
        inner.conditions += modifiers.conditions
        inner.tags.formUnion(modifiers.tags)
        inner.notify += modifiers.notify
        inner.depth += 1
        if !modifiers.variables.isEmpty { inner.layers.parameters.append(modifiers.variables) }
        return inner
    }

    // MARK: Includes and roles

    /// `include: web.yaml`, or `include: {file: web.yaml, vars: {…}}`.
    private mutating func include(_ subject: YAMLMapping.Entry, at path: SettingsPath, _ around: Surroundings)
        -> [TaskEntry]
    {
        let path = path.appending(.key("include"))
        guard let (name, position, around) = reference(subject, key: "file", at: path, around) else { return [] }
        guard let file = files.find(name, in: [files.folder(of: around.file)] + around.folders) else {
            refuse(around, position, path, "there is no file \(name) beside \(around.file)")
            return []
        }
        var inner = around
        inner.file = file
        inner.folders = [files.folder(of: file)] + around.folders
        return list(file, inner, at: position, path, from: around)
    }

    /// `role: nginx`, or `role: {name: nginx, vars: {…}}`: the folder `roles/nginx` beside the site, with `role.yaml` in it.
    private mutating func role(_ subject: YAMLMapping.Entry, at path: SettingsPath, _ around: Surroundings)
        -> [TaskEntry]
    {
        let path = path.appending(.key("role"))
        guard let (name, position, around) = reference(subject, key: "name", at: path, around) else { return [] }
        let folder = "\(around.siteFolder)/roles/\(name)"
        guard let file = files.find("role.yaml", in: [folder]) else {
            refuse(around, position, path, "there is no role \(name): wanted the file \(folder)/role.yaml")
            return []
        }
        var inner = around
        inner.file = file
        inner.folders = ["\(folder)/files", "\(folder)/templates", folder]
        return list(file, inner, at: position, path, from: around)
    }

    private mutating func reference(
        _ subject: YAMLMapping.Entry, key: String, at path: SettingsPath, _ around: Surroundings
    ) -> (String, SourcePosition, Surroundings)? {
        var inner = around
        guard around.depth <= TaskReader.deepest else {
            refuse(
                around, subject.value.position, path,
                "includes are nested more than \(TaskReader.deepest) deep: a cycle?")
            return nil
        }
        if let text = subject.value.text, !text.isEmpty { return (text, subject.value.position, inner) }
        guard let mapping = subject.value.mapping, let name = mapping[key]?.text, !name.isEmpty else {
            refuse(around, subject.value.position, path, "wanted a name, or a mapping with \(key) and vars")
            return nil
        }
        for entry in mapping.entries where entry.key != key && entry.key != "vars" {
            refuse(around, entry.keyPosition, path.appending(.key(entry.key)), "unknown key, known are \(key), vars")
        }
        if let variables = mapping["vars"] {
            if let map = Value(files.opened(variables, around.file, &complaints)).map {
                inner.layers.parameters.append(map)
            } else {
                refuse(around, variables.position, path.appending(.key("vars")), "wanted a mapping of variables")
            }
        }
        return (name, mapping[key]?.position ?? subject.value.position, inner)
    }

    private mutating func list(
        _ file: String, _ around: Surroundings, at position: SourcePosition, _ path: SettingsPath,
        from outer: Surroundings
    ) -> [TaskEntry] {
        let document: YAMLDocument
        do {
            document = try files.document(file)
        } catch {
            refuse(outer, position, path, error.message)
            return []
        }
        complaints += document.complaints
        guard let root = document.root else { return [] }
        if root.sequence != nil { return entries(root, at: SettingsPath(), around) }
        guard let mapping = root.mapping else {
            refuse(around, root.position, SettingsPath(), "wanted a list of resources, or a mapping with resources")
            return []
        }
        var inner = around
        var result: [TaskEntry] = []
        if let defaults = mapping["vars"], let map = Value(files.opened(defaults, file, &complaints)).map {
            inner.layers.defaults.append(map)
        }
        for entry in mapping.entries {
            let path = SettingsPath([.key(entry.key)])
            switch entry.key {
            case "vars", "description": continue
            case "resources": result += entries(entry.value, at: path, inner)
            case "handlers": readHandlers(entry.value, at: path, inner)
            default:
                refuse(
                    around, entry.keyPosition, path, "unknown key, known are vars, resources, handlers, description")
            }
        }
        return result
    }

    private mutating func refuse(
        _ around: Surroundings, _ position: SourcePosition, _ path: SettingsPath, _ message: String
    ) {
        complaints.append(Complaint(file: around.file, position: position, path: path, message))
    }
}
