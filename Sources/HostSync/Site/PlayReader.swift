import Settings

/// Reads what a site declares into plays: the lists at the top are one play for all hosts, before those of `plays:`.
struct PlayReader {
    var tasks: TaskReader
    let file: String
    let folder: String

    /// The keys of one play.
    struct PlaySettings: SettingsGroup {
        var name: String?
        var hosts = "all"
        var vars: YAMLNode?
        var resources: YAMLNode?
        var handlers: YAMLNode?
        var rollout: RolloutSettings?

        static var fields: [SettingsField<Self>] {
            [
                SettingsField("name", \.name, .nonEmptyString, "What the play is called in reports."),
                SettingsField("hosts", \.hosts, .nonEmptyString, "Its hosts, as a pattern: web*:!web3."),
                SettingsField("vars", \.vars, .node, "Variables of this play."),
                SettingsField("resources", \.resources, .node, "What its hosts are to have, in order."),
                SettingsField("handlers", \.handlers, .node, "What its resources may notify."),
                SettingsField("rollout", \.rollout, .group(), "In place of the site's rollout."),
            ]
        }
    }

    mutating func plays(_ settings: SiteSettings) -> [Play] {
        var plays: [Play] = []
        if settings.resources != nil || settings.handlers != nil {
            var play = Play(hosts: .all, rollout: settings.rollout)
            read(settings.resources, settings.handlers, at: SettingsPath(), OrderedMap(), into: &play)
            plays.append(play)
        }
        guard let node = settings.plays, !node.isNull else { return plays }
        guard let items = node.sequence else {
            refuse(node.position, SettingsPath([.key("plays")]), "found \(node.kindName), wanted a list of plays")
            return plays
        }
        for (index, item) in items.enumerated() {
            let path = SettingsPath([.key("plays"), .index(index)])
            if let play = play(item, at: path, settings) { plays.append(play) }
        }
        return plays
    }

    private mutating func play(_ node: YAMLNode, at path: SettingsPath, _ site: SiteSettings) -> Play? {
        let result = SettingsReader.decode(PlaySettings.self, node, at: path, file: file, references: NoReferences())
        tasks.complaints += result.complaints
        guard let settings = result.group else { return nil }
        let pattern: HostPattern
        do {
            pattern = try HostPattern(parsing: settings.hosts)
        } catch {
            refuse(node["hosts"]?.position ?? node.position, path.appending(.key("hosts")), "\(error)")
            return nil
        }
        var play = Play(name: settings.name, hosts: pattern, rollout: settings.rollout ?? site.rollout)
        if let variables = settings.vars {
            if let map = Value(tasks.files.opened(variables, file, &tasks.complaints)).map {
                play.variables = map
            } else {
                refuse(variables.position, path.appending(.key("vars")), "wanted a mapping of variables")
            }
        }
        read(settings.resources, settings.handlers, at: path, play.variables, into: &play)
        return play
    }

    private mutating func read(
        _ resources: YAMLNode?, _ handlers: YAMLNode?, at path: SettingsPath, _ variables: OrderedMap<Value>,
        into play: inout Play
    ) {
        var around = TaskReader.Surroundings(file: file, folders: [folder], siteFolder: folder)
        if !variables.isEmpty { around.layers.parameters.append(variables) }
        let before = tasks.handlers.count
        if let handlers { tasks.readHandlers(handlers, at: path.appending(.key("handlers")), around) }
        if let resources { play.entries = tasks.entries(resources, at: path.appending(.key("resources")), around) }
        play.handlers = Array(tasks.handlers[before...])
    }

    private mutating func refuse(_ position: SourcePosition, _ path: SettingsPath, _ message: String) {
        tasks.complaints.append(Complaint(file: file, position: position, path: path, message))
    }
}

/// Names that refer to other names: handlers and required resources.
enum ReferenceChecks {
    static func check(_ plays: [Play]) -> [Complaint] {
        var complaints: [Complaint] = []
        for play in plays {
            let handlers = play.handlers.compactMap(\.name)
            var earlier: Set<String> = []
            for task in play.tasks {
                for name in task.notify where !handlers.contains(name) && !Template.isTemplate(name) {
                    let near = Suggestion.sentence(for: name, among: handlers)
                    complaints.append(task.source.complaint("notifies \"\(name)\", which is no handler\(near)"))
                }
                for name in task.requires where !earlier.contains(name) {
                    let near = Suggestion.sentence(for: name, among: earlier)
                    complaints.append(
                        task.source.complaint("requires \"\(name)\", which no resource before it is named\(near)"))
                }
                if let name = task.name { earlier.insert(name) }
            }
        }
        return complaints
    }
}
