import Settings

/// One entry of a `resources:` list as the file has it: a resource with what goes around it, not yet rendered for a host.
struct TaskDeclaration: Sendable {
    /// Counts through the site; stable from run to run of the same files.
    let number: Int
    let kind: ResourceKind
    let payload: YAMLNode
    let source: SourcePlace
    let name: String?
    /// Its own and those of the includes and roles around it: all must hold.
    var conditions: [Condition]
    let loop: YAMLNode?
    let notify: [String]
    let requires: [String]
    let tags: Set<String>
    /// Variables of the roles and includes around it: the outermost first, defaults apart, which lose to everything.
    let layers: TaskLayers
    /// The resource itself where nothing of it depends on the host.
    let fixed: (any Resource)?
    let ignoresErrors: Bool
}

/// A `flush` or a resource.
enum TaskEntry: Sendable {
    case task(TaskDeclaration)
    /// Pending handlers are run here and not at the end.
    case flushHandlers
}

/// Where a declaration stands: for complaints, and for the files that it refers to.
struct SourcePlace: Sendable {
    let file: String
    let position: SourcePosition
    let path: SettingsPath
    /// Where `source:` and `template:` are looked for, in this order: the role's folders, the file's own.
    let folders: [String]

    func complaint(_ message: String) -> Complaint {
        Complaint(file: file, position: position, path: path, message)
    }
}

struct Condition: Sendable {
    let expression: Expression
    let position: SourcePosition
    let text: String
}

struct TaskLayers: Sendable {
    var defaults: [OrderedMap<Value>] = []
    var parameters: [OrderedMap<Value>] = []
}

/// Resources for some of the hosts.
struct Play: Sendable {
    var name: String?
    var hosts: HostPattern
    var variables = OrderedMap<Value>()
    var entries: [TaskEntry] = []
    var handlers: [TaskDeclaration] = []
    var rollout = RolloutSettings()

    var tasks: [TaskDeclaration] { entries.compactMap { if case .task(let task) = $0 { task } else { nil } } }
}
