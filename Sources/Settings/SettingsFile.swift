/// A configuration that is right: typed groups, what decides over restarts, and the effective values for people.
package struct SettingsFile: Sendable {
    /// The name it was read under.
    package let file: String
    /// The first 12 hexadecimal digits of the SHA-256 of the file's bytes, as `sha256sum` writes them: for the console,
    /// to tell two hosts or two reloads apart. What references resolve to is not part of it.
    package let hash: String
    package let warnings: [Complaint]

    private let table: [SettingsSection]
    private let groups: [String: any Sendable]
    private let root: YAMLNode?
    private let references: [String: String]

    init(
        file: String, sections: [SettingsSection], groups: [String: any Sendable], root: YAMLNode?,
        references: [String: String], hash: String, warnings: [Complaint]
    ) {
        self.file = file
        self.hash = hash
        self.warnings = warnings
        self.groups = groups
        self.root = root
        self.references = references
        table = sections
    }

    /// The sections that are in effect, in the schema's order.
    package var sections: [String] { table.map(\.name).filter { groups[$0] != nil } }

    /// The group of the section that was declared with this type; nil when the file leaves it out.
    package func group<Group: SettingsGroup>(_ type: Group.Type) -> Group? {
        guard let section = table.first(where: { $0.groupType == ObjectIdentifier(type) }) else { return nil }
        return groups[section.name] as? Group
    }

    /// The group of the section `name`, for types that more than one section has.
    package func group<Group: SettingsGroup>(_ name: String, as type: Group.Type) -> Group? {
        groups[name] as? Group
    }

    /// A digest of the section's effective values, secrets included; nil when the section is left out. Two files of one
    /// process have the same exactly when nothing in the section differs: then its component need not restart.
    package func fingerprint(of section: String) -> SettingsFingerprint? {
        guard let (entry, group) = found(section) else { return nil }
        var renderer = SettingsRenderer(.revealed)
        return SettingsFingerprint(of: entry.render(group, &renderer))
    }

    /// The same of a section together with `others`, which may be left out, that its component reads, too.
    package func fingerprint(of section: String, with others: [String]) -> SettingsFingerprint? {
        guard !others.isEmpty, found(section) != nil else { return fingerprint(of: section) }
        let values = ([section] + others).map { name in
            guard let (entry, group) = found(name) else { return RenderedValue.literal("null") }
            var renderer = SettingsRenderer(.revealed)
            return entry.render(group, &renderer)
        }
        return SettingsFingerprint(of: .list(values))
    }

    /// The effective configuration as YAML: defaults filled in, secrets as `redacted`, values from references as the
    /// reference. Where no secret is set it reads back to the same settings.
    package func rendered() -> String {
        var writer = YAMLWriter()
        writer.write(
            sections.compactMap { name in
                guard let (entry, group) = found(name) else { return nil }
                var renderer = SettingsRenderer(.redacted, references: references)
                let value = renderer.descend(.key(name)) { entry.render(group, &$0) }
                return (name, value)
            })
        return writer.text
    }

    /// A complaint about a value that was right by itself and turned out not to work (an address that is in use).
    package func complaint(_ severity: Complaint.Severity = .error, at path: String, _ message: String) -> Complaint {
        let whole = SettingsPath(parsing: path)
        var near = whole
        while !near.isEmpty, root?.descendant(near) == nil { near.components.removeLast() }
        let position = near.isEmpty ? .start : root?.descendant(near)?.position ?? .start
        return Complaint(severity, file: file, position: position, path: whole, message)
    }

    private func found(_ name: String) -> (SettingsSection, any Sendable)? {
        guard let section = table.first(where: { $0.name == name }), let group = groups[name] else { return nil }
        return (section, group)
    }
}
