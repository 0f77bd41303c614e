/// A value on its way out: to `--print`, to a default in the JSON Schema, to the documentation, to a fingerprint.
package indirect enum RenderedValue: Sendable, Equatable {
    /// A number, a boolean or null: the same text in YAML and in JSON.
    case literal(String)
    /// Text, quoted by the writer where it must be.
    case text(String)
    /// Text with its references as the file writes it.
    case written(String)
    /// A secret; the comment says where it comes from, if the file says so.
    case redacted(comment: String?)
    case list([RenderedValue])
    case map([(key: String, value: RenderedValue)])

    package static func == (left: RenderedValue, right: RenderedValue) -> Bool {
        switch (left, right) {
        case (.literal(let a), .literal(let b)), (.text(let a), .text(let b)), (.written(let a), .written(let b)):
            a == b
        case (.redacted, .redacted): true
        case (.list(let a), .list(let b)): a == b
        case (.map(let a), .map(let b)): a.elementsEqual(b) { $0.key == $1.key && $0.value == $1.value }
        default: false
        }
    }
}

/// Walks values for writing and knows the path, so that a value from a reference is shown as the reference.
package struct SettingsRenderer {
    enum Mode {
        /// For people: secrets and what came from references stay hidden.
        case redacted
        /// For fingerprints only: everything as it is.
        case revealed
    }

    let mode: Mode
    let references: [String: String]
    private(set) var path = SettingsPath()

    init(_ mode: Mode, references: [String: String] = [:], at path: SettingsPath = SettingsPath()) {
        self.mode = mode
        self.references = references
        self.path = path
    }

    /// The text of the reference that the value at the current path came from.
    var reference: String? {
        mode == .redacted && !references.isEmpty ? references[path.description] : nil
    }

    mutating func descend(
        _ component: SettingsPath.Component, _ body: (inout SettingsRenderer) -> RenderedValue
    ) -> RenderedValue {
        path.components.append(component)
        defer { path.components.removeLast() }
        return body(&self)
    }
}
