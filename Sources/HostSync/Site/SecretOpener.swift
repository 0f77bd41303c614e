import Age
import Base
import Glibc
import SSHTransport
package import Settings

/// Decrypts the values of a site that are age files in armor: any scalar that begins with `-----BEGIN AGE ENCRYPTED FILE`.
///
/// The identity is fetched once, at the first encrypted value. What is decrypted is told to the `Redactor` before anybody
/// else sees it.
struct SecretOpener: Sendable {
    static var marker: String { ArmoredText.firstLine }

    /// Decrypts one armored text; set where the identity is known.
    let decrypt: @Sendable (_ armored: String) throws(ApusError) -> String

    static func isEncrypted(anywhereIn node: YAMLNode) -> Bool {
        switch node.content {
        case .scalar(let scalar): isEncrypted(scalar.text)
        case .sequence(let items): items.contains { isEncrypted(anywhereIn: $0) }
        case .mapping(let mapping): mapping.entries.contains { isEncrypted(anywhereIn: $0.value) }
        }
    }

    static func isEncrypted(_ text: String) -> Bool { text.hasPrefix(marker) }

    func open(_ node: YAMLNode, file: String, redactor: Redactor, _ complaints: inout [Complaint]) -> YAMLNode {
        switch node.content {
        case .scalar(let scalar):
            guard SecretOpener.isEncrypted(scalar.text) else { return node }
            do throws(ApusError) {
                let text = try decrypt(scalar.text)
                redactor.add(text)
                return YAMLNode(.scalar(YAMLScalar(text, isPlain: false)), position: node.position)
            } catch {
                complaints.append(
                    Complaint(file: file, position: node.position, "the encrypted value cannot be opened: \(error)"))
                return node
            }
        case .sequence(let items):
            let opened = items.map { open($0, file: file, redactor: redactor, &complaints) }
            return YAMLNode(.sequence(opened), position: node.position, tag: node.tag)
        case .mapping(let mapping):
            let pairs = mapping.entries.map { entry in
                (
                    key: entry.key, keyPosition: entry.keyPosition,
                    value: open(entry.value, file: file, redactor: redactor, &complaints)
                )
            }
            return YAMLNode(.mapping(YAMLMapping(pairs)), position: node.position, tag: node.tag)
        }
    }
}

/// Where encrypted values stand in a YAML file, whatever their form.
package enum EncryptedValues {
    /// Empty also for what is no YAML.
    package static func positions(_ bytes: [UInt8], file: String) -> [SourcePosition] {
        YAMLDocument(bytes, file: file).root.map { positions(in: $0) } ?? []
    }

    private static func positions(in node: YAMLNode) -> [SourcePosition] {
        switch node.content {
        case .scalar(let scalar): SecretOpener.isEncrypted(scalar.text) ? [node.position] : []
        case .sequence(let items): items.flatMap { positions(in: $0) }
        case .mapping(let mapping): mapping.entries.flatMap { positions(in: $0.value) }
        }
    }
}
