package import Base

/// The whole configuration as a table of sections: reads files, and writes the JSON Schema and the documentation.
package struct SettingsSchema: Sendable {
    package let sections: [SettingsSection]

    /// - Precondition: no name twice. Sections stand in the order in which they are printed.
    package init(_ sections: [SettingsSection]) {
        precondition(Set(sections.map(\.name)).count == sections.count, "two sections have the same name")
        self.sections = sections
    }

    /// Reads a configuration. An empty file is one without sections; a key with nothing after it is a section with its
    /// defaults.
    ///
    /// - Parameters:
    ///   - bytes: the file's content, at most 8 MiB.
    ///   - file: its name for complaints.
    package func read(
        _ bytes: [UInt8], file: String, references: any ReferenceResolver = SystemReferences(),
        limits: YAMLLimits = YAMLLimits()
    ) -> SettingsResult {
        let document = YAMLDocument(bytes, file: file, limits: limits)
        var decoder = SettingsDecoder(file: file, references: references)
        var groups: [String: any Sendable] = [:]
        if !document.isBroken { groups = decode(document.root, &decoder) }
        decoder.complaints.add(contentsOf: document.list)
        let complaints = decoder.complaints.sorted(file: file)
        guard decoder.complaints.errorCount == 0 else { return SettingsResult(file: nil, complaints: complaints) }
        let content = SettingsFile(
            file: file, sections: sections, groups: groups, root: document.root,
            references: decoder.writtenReferences, hash: SHA256.digest(bytes).hexadecimal(bytes: 6),
            warnings: complaints)
        return SettingsResult(file: content, complaints: complaints)
    }

    private func decode(_ root: YAMLNode?, _ decoder: inout SettingsDecoder) -> [String: any Sendable] {
        let names = sections.map(\.name)
        if let root, root.mapping == nil, !root.isNull {
            let message = "found \(root.kindName), wanted a mapping with the keys \(names.joined(separator: ", "))"
            decoder.refuse(at: root.position, message)
            return [:]
        }
        let byName = Dictionary(uniqueKeysWithValues: sections.map { ($0.name, $0) })
        var groups: [String: any Sendable] = [:]
        for entry in root?.mapping?.entries ?? [] {
            guard let section = byName[entry.key] else {
                decoder.refuse(key: entry.key, at: entry.keyPosition, UnknownKey.message(entry.key, known: names))
                continue
            }
            groups[section.name] = decoder.descend(.key(entry.key), at: entry.keyPosition) {
                section.decode(entry.value, &$0)
            }
        }
        for section in sections where section.presence == .always && root?[section.name] == nil {
            groups[section.name] = decoder.descend(.key(section.name), at: .start) {
                section.decode(.null(at: .start), &$0)
            }
        }
        return groups
    }

    /// The JSON Schema (draft 2020-12) of the configuration, the same text each time, with a final newline.
    package func jsonSchema(title: String) -> String {
        var builder = SchemaBuilder()
        let properties = sections.map { section in
            (section.name, builder.property(section.schema(&builder), section.summary))
        }
        let root = JSONValue.object([
            ("type", .array(["object", "null"])), ("properties", .object(properties)),
            ("additionalProperties", .bool(false)),
        ])
        return builder.document(title: title, root: root).text + "\n"
    }

    /// Every key with its values, default and meaning as Markdown.
    package var documentation: String {
        var builder = DocumentationBuilder()
        for section in sections { builder.section(section.name, section.summary, section.subfields) }
        return builder.text
    }
}

/// A file that was read, or why not. `complaints` stand in the file's order and hold the warnings too.
package struct SettingsResult: Sendable {
    /// Nil exactly when there is an error among the complaints.
    package let file: SettingsFile?
    package let complaints: [Complaint]

    package var errors: [Complaint] { complaints.filter { $0.severity == .error } }
    package var warnings: [Complaint] { complaints.filter { $0.severity == .warning } }

    /// - Throws: `ApusError` `bad-settings` of kind `declaration` (exit code 65): one line a complaint.
    package func get() throws(ApusError) -> SettingsFile {
        guard let file else { throw ApusError(complaints: errors) }
        return file
    }
}

extension ApusError {
    /// One line a complaint.
    package init(complaints: [Complaint]) {
        let text = complaints.map(\.description).joined(separator: "\n")
        self.init(code: "bad-settings", text, kind: .declaration)
    }
}
