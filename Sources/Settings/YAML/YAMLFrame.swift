import CYAML

/// A collection that is being read.
struct YAMLFrame {
    enum Kind { case sequence, mapping }

    enum Key {
        case none
        case waiting(String, SourcePosition)
        /// A duplicate or a merge key: its value is read and thrown away.
        case dropped
    }

    let kind: Kind
    let position: SourcePosition
    let anchor: String?
    let tag: String?
    var key = Key.none
    private var items: [YAMLNode] = []
    private var entries: [YAMLMapping.Entry] = []
    private var index: [String: Int] = [:]

    init(kind: Kind, position: SourcePosition, anchor: String?, tag: String?) {
        self.kind = kind
        self.position = position
        self.anchor = anchor
        self.tag = tag
    }

    var wantsKey: Bool {
        if kind == .mapping, case .none = key { true } else { false }
    }

    func firstPosition(of key: String) -> SourcePosition? { index[key].map { entries[$0].keyPosition } }

    /// Adds an item, or the value of the waiting key. A value that is not written at all (`key:`) has no place of its
    /// own and takes its key's.
    mutating func addValue(_ node: YAMLNode, standsNowhere: Bool) {
        guard kind == .mapping else { return items.append(node) }
        if case .waiting(let text, let position) = key {
            var value = node
            if standsNowhere { value.position = position }
            index[text] = entries.count
            entries.append(YAMLMapping.Entry(key: text, keyPosition: position, value: value))
        }
        key = .none
    }

    func node() -> YAMLNode {
        switch kind {
        case .sequence: YAMLNode(.sequence(items), position: position, tag: tag)
        case .mapping: YAMLNode(.mapping(YAMLMapping(entries: entries, index: index)), position: position, tag: tag)
        }
    }

    /// The step of the path that this frame stands at: nothing while a key is being read.
    var pathComponent: [SettingsPath.Component] {
        switch (kind, key) {
        case (.sequence, _): [.index(items.count)]
        case (.mapping, .waiting(let text, _)): [.key(text)]
        case (.mapping, _): []
        }
    }
}

enum YAMLTag {
    static let prefix = "tag:yaml.org,2002:"
    static let string = prefix + "str"
    /// Tags that say what is so anyhow; others are refused by `SettingsDecoder`.
    static let harmless: Set<String> = [string, prefix + "map", prefix + "seq", "!"]
}

extension SourcePosition {
    init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}

extension String {
    /// libyaml's own zero-terminated text.
    init?(yaml pointer: UnsafePointer<UInt8>?) {
        guard let pointer else { return nil }
        self.init(decodingCString: pointer, as: UTF8.self)
    }
}

extension YAMLNode {
    /// Levels of collections from here down: 0 for a scalar. At most `YAMLLimits.depth`, which bounds the recursion.
    var depth: Int {
        switch content {
        case .scalar: 0
        case .sequence(let items): 1 + (items.lazy.map(\.depth).max() ?? 0)
        case .mapping(let mapping): 1 + (mapping.entries.lazy.map(\.value.depth).max() ?? 0)
        }
    }
}
