/// Reads single groups: files of their own (rules, sites) and nodes that were kept for later.
package enum SettingsReader {
    package struct Result<Group: SettingsGroup>: Sendable {
        /// Nil exactly when there is an error among the complaints.
        package let group: Group?
        package let complaints: [Complaint]
    }

    /// Reads a file whose top level is `Group`. An empty file is the group with its defaults.
    package static func read<Group: SettingsGroup>(
        _ type: Group.Type, _ bytes: [UInt8], file: String, references: any ReferenceResolver = SystemReferences(),
        limits: YAMLLimits = YAMLLimits()
    ) -> Result<Group> {
        let document = YAMLDocument(bytes, file: file, limits: limits)
        guard !document.isBroken else {
            return Result(group: nil, complaints: document.list.sorted(file: file))
        }
        let root = document.root ?? .null(at: .start)
        return decode(type, root, file: file, references: references, before: document.list)
    }

    /// Decodes a node that `ValueFormat.node` or `YAMLDocument` gave.
    ///
    /// - Parameter path: where the node stands in its file, for complaints.
    package static func decode<Group: SettingsGroup>(
        _ type: Group.Type, _ node: YAMLNode, at path: SettingsPath = SettingsPath(), file: String,
        references: any ReferenceResolver = SystemReferences()
    ) -> Result<Group> {
        decode(type, node, at: path, file: file, references: references, before: ComplaintList())
    }

    private static func decode<Group: SettingsGroup>(
        _ type: Group.Type, _ node: YAMLNode, at path: SettingsPath = SettingsPath(), file: String,
        references: any ReferenceResolver, before: ComplaintList
    ) -> Result<Group> {
        var decoder = SettingsDecoder(file: file, references: references, path: path, owner: node.position)
        let group = GroupLayout<Group>().decode(node, &decoder)
        decoder.complaints.add(contentsOf: before)
        let complaints = decoder.complaints.sorted(file: file)
        return Result(group: decoder.complaints.errorCount == 0 ? group : nil, complaints: complaints)
    }

    /// The JSON Schema (draft 2020-12) of a file whose top level is `Group`, with a final newline.
    package static func jsonSchema<Group: SettingsGroup>(of type: Group.Type, title: String) -> String {
        var builder = SchemaBuilder()
        let root = builder.definition(of: GroupLayout<Group>())
        return builder.document(title: title, root: root).text + "\n"
    }

    /// `group` as YAML, defaults filled in and secrets redacted; it knows no references.
    package static func rendered<Group: SettingsGroup>(_ group: Group) -> String {
        var renderer = SettingsRenderer(.redacted)
        guard case .map(let pairs) = GroupLayout<Group>().render(group, &renderer) else { return "" }
        var writer = YAMLWriter()
        writer.write(pairs)
        return writer.text
    }
}
