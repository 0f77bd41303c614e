import Settings

/// One resource of one host, rendered and read, ready to be asked about and compared.
struct HostTask: Sendable {
    let declaration: TaskDeclaration
    let resource: any Resource
    /// Which of its loop's items it is; nil without a loop.
    let item: String?
    /// False when its conditions do not hold.
    let isWanted: Bool

    /// `file /etc/motd`: what it is called wherever people read of it. Secrets are taken out before it is cut.
    let title: String

    private static let longestCommand = 60

    init(declaration: TaskDeclaration, resource: any Resource, item: String?, isWanted: Bool, redactor: Redactor) {
        self.declaration = declaration
        self.resource = resource
        self.item = item
        self.isWanted = isWanted
        let label = redactor.redacted(resource.label)
        let isLong = resource is CommandResource && label.count > HostTask.longestCommand
        title = "\(declaration.kind.keyword) \(isLong ? label.prefix(HostTask.longestCommand) + "…" : label)"
    }
}

/// What a site means for one host, as far as it is known.
struct HostTasks: Sendable {
    enum Entry: Sendable {
        case task(HostTask)
        case flushHandlers
    }

    var entries: [Entry] = []
    var handlers: [HostTask] = []
    /// Names of all handlers of the site, also of those that this host does not want now.
    var declaredHandlers: Set<String> = []
    /// False while facts are missing that change what is here.
    var isComplete = true

    var tasks: [HostTask] { entries.compactMap { if case .task(let task) = $0 { task } else { nil } } }

    /// What has to be asked of the host for them.
    var request: ProbeRequest {
        var request = ProbeRequest()
        for task in tasks + handlers { task.resource.probe(&request) }
        request.wantsFacts = !isComplete
        return request
    }
}
