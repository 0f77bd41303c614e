import Base
package import Settings
import Telemetry

/// Reads the daemon's file against the sections that exist: `admin`, `telemetry`, `log` and one per component.
package struct ConfigurationLoader: Sendable {
    /// What is larger is refused unread; the reader itself refuses from 8 MiB on.
    static let sizeLimit = 8 << 20

    /// Every component, the admin endpoint first, in the order in which they start.
    package let definitions: [ComponentDefinition]
    package let schema: SettingsSchema
    private let references: any ReferenceResolver

    package init(components: [ComponentDefinition], references: any ReferenceResolver) {
        definitions = [AdminComponent.definition] + components
        schema = SettingsSchema(
            [
                AdminComponent.definition.section,
                SettingsSection("log", "What is logged, and in which form.", LogSettings.self, presence: .always),
                SettingsSection("telemetry", "Where traces go.", TelemetrySettings.self, presence: .always),
            ] + components.flatMap { [$0.section] + $0.besides })
        self.references = references
    }

    /// Sections that components read beside their own.
    var besides: [String: [String]] {
        Dictionary(definitions.map { ($0.name, $0.besides.map(\.name)) }) { first, _ in first }
    }

    /// A section without which a file is refused, also at a reload.
    package var requiredSection: String?

    /// The JSON Schema (draft 2020-12) of the file.
    package var jsonSchema: String { schema.jsonSchema(title: "Apus configuration") }

    /// - Throws: `ConfigurationRefused` with every complaint of the file, or with the one reason why it cannot be read.
    package func load(_ path: String) throws(ConfigurationRefused) -> SettingsFile {
        let content: [UInt8]
        do throws(ApusError) {
            content =
                path == "-"
                ? try Files.read(descriptor: 0, name: "standard input", limit: ConfigurationLoader.sizeLimit)
                : try Files.read(path, limit: ConfigurationLoader.sizeLimit)
        } catch {
            // Too large is a fault of the declaration; everything else is one of the host.
            let isTooLarge = error.code == "file-too-large"
            let text = isTooLarge ? "\(path):1:1: \(error.description), wanted a smaller file" : error.description
            throw ConfigurationRefused(complaints: [text], isUnreadable: !isTooLarge)
        }
        let result = schema.read(content, file: path, references: references)
        guard let file = result.file else {
            throw ConfigurationRefused(complaints: result.errors.map(\.description), isUnreadable: false)
        }
        if let requiredSection, !file.sections.contains(requiredSection) {
            let complaint = "\(path):1:1: there is no section \(requiredSection)"
            throw ConfigurationRefused(complaints: [complaint], isUnreadable: false)
        }
        return file
    }

    /// What a start by this file would say beyond the file itself: of folders and files that it names.
    ///
    /// - Returns: Warnings.
    /// - Throws: `ConfigurationRefused` where the start would fail.
    package func inspect(_ file: SettingsFile) throws(ConfigurationRefused) -> [Complaint] {
        let found = definitions.flatMap { definition in
            definition.inspect(file).map { file.complaint($0.severity, at: "\(definition.name).\($0.key)", $0.message) }
        }
        guard !found.contains(where: { $0.severity == .error }) else {
            throw ConfigurationRefused(complaints: found.map(\.description), isUnreadable: false)
        }
        return found
    }

    /// The components that a file declares, in the order in which they start.
    func declared(in file: SettingsFile) -> [(definition: ComponentDefinition, fingerprint: SettingsFingerprint)] {
        definitions.compactMap { definition in
            file.fingerprint(of: definition.name, with: definition.besides.map(\.name)).map { (definition, $0) }
        }
    }
}

/// A configuration that is not taken over, and why: one complaint a line, ready to print.
package struct ConfigurationRefused: Error, Sendable, CustomStringConvertible {
    package let complaints: [String]
    /// The file could not even be read.
    package let isUnreadable: Bool

    package var description: String { complaints.joined(separator: "\n") }
}
