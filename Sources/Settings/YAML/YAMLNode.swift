/// One node of a YAML document with its place in the file: read-only, for the parts of a declaration that are free in
/// form (an inventory's variables) and as the input of `ValueFormat`.
///
/// Aliases are expanded: the node under an alias is the anchored one and has the anchored one's position. The expansion
/// shares its storage and is bounded by `YAMLLimits`.
package struct YAMLNode: Sendable {
    package enum Content: Sendable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping(YAMLMapping)
    }

    package let content: Content
    package var position: SourcePosition
    /// The explicit tag (`!vault`, `tag:yaml.org,2002:str`), nil where the file writes none.
    package let tag: String?
    /// This node and all below it, aliases expanded.
    let nodeCount: Int

    package init(_ content: Content, position: SourcePosition, tag: String? = nil) {
        self.content = content
        self.position = position
        self.tag = tag
        switch content {
        case .scalar: nodeCount = 1
        case .sequence(let items): nodeCount = items.reduce(1) { $0 + $1.nodeCount }
        case .mapping(let mapping): nodeCount = mapping.entries.reduce(1) { $0 + 1 + $1.value.nodeCount }
        }
    }

    /// A key with nothing after it.
    static func null(at position: SourcePosition) -> YAMLNode {
        YAMLNode(.scalar(YAMLScalar("", isPlain: true)), position: position)
    }

    package var scalar: YAMLScalar? { if case .scalar(let scalar) = content { scalar } else { nil } }
    package var sequence: [YAMLNode]? { if case .sequence(let items) = content { items } else { nil } }
    package var mapping: YAMLMapping? { if case .mapping(let mapping) = content { mapping } else { nil } }
    /// The text of a scalar, references unresolved.
    package var text: String? { scalar?.text }
    package var isNull: Bool { scalar?.kind == .null }

    package subscript(key: String) -> YAMLNode? { mapping?[key] }

    package subscript(index: Int) -> YAMLNode? {
        guard let items = sequence, items.indices.contains(index) else { return nil }
        return items[index]
    }

    /// The node at the end of `path`, or nil.
    package func descendant(_ path: SettingsPath) -> YAMLNode? {
        var node = self
        for component in path.components {
            let next: YAMLNode? =
                switch component {
                case .key(let key): node[key]
                case .index(let index): node[index]
                }
            guard let next else { return nil }
            node = next
        }
        return node
    }

    /// With article, for "found a list": what a reader of the file would call it.
    package var kindName: String {
        switch content {
        case .scalar(let scalar): scalar.kind.name
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// Equality is of content: where a value stands in the file does not change what it says.
extension YAMLNode: Equatable {
    package static func == (left: YAMLNode, right: YAMLNode) -> Bool {
        guard left.tag == right.tag, left.nodeCount == right.nodeCount else { return false }
        switch (left.content, right.content) {
        case (.scalar(let a), .scalar(let b)): return a == b
        case (.sequence(let a), .sequence(let b)): return a == b
        case (.mapping(let a), .mapping(let b)):
            return a.entries.elementsEqual(b.entries) { $0.key == $1.key && $0.value == $1.value }
        default: return false
        }
    }
}

/// The pairs of a mapping in the file's order; every key once.
package struct YAMLMapping: Sendable {
    package struct Entry: Sendable {
        package let key: String
        package let keyPosition: SourcePosition
        package let value: YAMLNode
    }

    package let entries: [Entry]
    private let index: [String: Int]

    init(entries: [Entry], index: [String: Int]) {
        self.entries = entries
        self.index = index
    }

    /// A mapping that no file holds as it is: a template's result. Of a key that is there twice the later counts.
    package init(_ pairs: [(key: String, keyPosition: SourcePosition, value: YAMLNode)]) {
        var entries: [Entry] = []
        var index: [String: Int] = [:]
        for pair in pairs {
            let entry = Entry(key: pair.key, keyPosition: pair.keyPosition, value: pair.value)
            if let place = index[pair.key] {
                entries[place] = entry
            } else {
                index[pair.key] = entries.count
                entries.append(entry)
            }
        }
        self.init(entries: entries, index: index)
    }

    package static let empty = YAMLMapping(entries: [], index: [:])

    package func entry(_ key: String) -> Entry? { index[key].map { entries[$0] } }
    package subscript(key: String) -> YAMLNode? { entry(key)?.value }
    package var isEmpty: Bool { entries.isEmpty }
}

/// What bounds the cost of a document before anything looks at its meaning.
package struct YAMLLimits: Sendable {
    /// Larger files are refused unread.
    package var bytes = 8 << 20
    /// Nested collections. Recursive code over nodes relies on it for its stack.
    package var depth = 64
    /// Nodes that exist only by aliases: what a "billion laughs" file makes by the billion.
    package var aliasedNodes = 10_000

    package init() {}
}
