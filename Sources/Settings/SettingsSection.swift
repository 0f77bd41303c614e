/// One top-level key of the configuration and the group behind it, its type erased: the table of sections is known only
/// where the components are.
package struct SettingsSection: Sendable {
    package enum Presence: Sendable, Equatable {
        /// Absent means that the part does not run: the file's `group(_:)` is nil.
        case optional
        /// Absent means the defaults (`admin`, `telemetry`, `log`).
        case always
    }

    package let name: String
    package let summary: String
    package let presence: Presence

    let groupType: ObjectIdentifier
    let decode: @Sendable (YAMLNode, inout SettingsDecoder) -> (any Sendable)?
    let render: @Sendable (any Sendable, inout SettingsRenderer) -> RenderedValue
    let schema: @Sendable (inout SchemaBuilder) -> [JSONValue]
    let subfields: @Sendable (inout DocumentationBuilder) -> Void

    package init<Group: SettingsGroup>(
        _ name: String, _ summary: String, _ type: Group.Type, presence: Presence = .optional
    ) {
        self.init(name, summary, .group(type), presence: presence)
    }

    /// For a group in a format of its own.
    package init<Group: SettingsGroup>(
        _ name: String, _ summary: String, _ format: ValueFormat<Group>, presence: Presence = .optional
    ) {
        self.name = name
        self.summary = summary
        self.presence = presence
        groupType = ObjectIdentifier(Group.self)
        decode = { node, decoder in format.decode(node, &decoder) }
        render = { value, renderer in
            guard let group = value as? Group else { return .map([]) }
            return format.render(group, &renderer)
        }
        schema = format.schema
        subfields = format.subfields
    }
}
