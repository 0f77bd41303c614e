/// The routes as flat tables of numbers, for `Router`.
struct RouterPlan: Sendable {
    /// The routes of one pattern of hosts.
    struct HostSet: Sendable {
        let number: UInt32
        /// The set whose pattern is the next less specific one for every host of this one.
        var next: Int32 = ByteTable.none
        var hasExact = false
        /// Nodes.
        var templates: Int32 = ByteTable.none
        var prefixes: Int32 = ByteTable.none
    }

    /// A place in the trie of segments. Its children by literal stand in `edges`.
    struct Node: Sendable {
        /// Routes whose prefix or template ends here.
        var entries = 0..<0
        /// The child for a name, or none.
        var capture: Int32 = ByteTable.none
        /// Routes that take all that is left from here.
        var rest = 0..<0
        /// The nearest node above with entries, or none.
        var shorter: Int32 = ByteTable.none
    }

    struct Entry: Sendable {
        let route: Int
        let methods: MethodSet
        /// In `headers`.
        let headers: Range<Int>
    }

    var methods = MethodTable()
    var hosts = HostTable()
    var hostSets: [HostSet] = []
    /// (host set, path) to a place in `leaves`.
    var exactPaths = ByteTable()
    var leaves: [Range<Int>] = []
    /// (node, segment) to a node.
    var edges = ByteTable()
    var nodes: [Node] = []
    var entries: [Entry] = []
    var headers: [HeaderTest] = []

    init(_ routes: [RouteMatch]) {
        var builder = RouterBuilder()
        for (index, route) in routes.enumerated() { builder.add(route, number: index) }
        self = builder.finish()
    }

    init() {}
}
