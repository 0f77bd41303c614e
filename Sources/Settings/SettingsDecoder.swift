import Base

/// What decoding carries along: where it stands, what it found wrong, and which values came from references.
package struct SettingsDecoder {
    /// What all references of a file may yield together: a small file cannot ask for gigabytes.
    static let mostResolvedBytes = 8 << 20
    /// Resolved values that messages are searched for.
    private static let mostRemembered = 1000

    let file: String
    let references: any ReferenceResolver
    var complaints = ComplaintList()
    /// Errors in values, not in keys: a group whose values are wrong is not asked about how they go together.
    private(set) var valueErrors = 0
    /// Canonical path of every value that came from a reference, and its text as written: what `--print` shows instead.
    private(set) var writtenReferences: [String: String] = [:]
    private var resolvedValues: [String: String] = [:]
    private var resolvedBytes = 0
    private(set) var path: SettingsPath
    /// Where the owner of the current node stands: its key, or for a list's item the item.
    private var owners: [SourcePosition]

    init(
        file: String, references: any ReferenceResolver, path: SettingsPath = SettingsPath(),
        owner: SourcePosition = .start
    ) {
        self.file = file
        self.references = references
        self.path = path
        owners = [owner]
    }

    var ownerPosition: SourcePosition { owners[owners.count - 1] }

    mutating func descend<Result>(
        _ component: SettingsPath.Component, at position: SourcePosition, _ body: (inout SettingsDecoder) -> Result
    ) -> Result {
        path.components.append(component)
        owners.append(position)
        defer {
            path.components.removeLast()
            owners.removeLast()
        }
        return body(&self)
    }

    /// Complains of the value at the current path.
    mutating func refuse(at position: SourcePosition, _ message: @autoclosure () -> String) {
        valueErrors += 1
        report(.error, at: position, path, message())
    }

    /// Complains of a value below the current path.
    mutating func refuse(at position: SourcePosition, _ path: SettingsPath, _ message: String) {
        valueErrors += 1
        report(.error, at: position, path, message)
    }

    mutating func report(
        _ severity: Complaint.Severity, at position: SourcePosition, _ path: SettingsPath,
        _ message: @autoclosure () -> String
    ) {
        let text = complaints.isFull ? "" : withoutResolvedValues(message())
        complaints.add(Complaint(severity, file: file, position: position, path: path, text))
    }

    /// For a complaint about a key that leaves a value missing.
    mutating func noteValueError() { valueErrors += 1 }

    /// Complains of a key, which leaves the group's values as they are.
    mutating func refuse(
        key: String, at position: SourcePosition, _ message: @autoclosure () -> String
    ) {
        report(.error, at: position, path.appending(.key(key)), message())
    }

    /// The scalar of `node` with its references resolved; nil after a complaint.
    ///
    /// - Parameter isSecret: no complaint may repeat any part of the text, not even of a reference gone wrong.
    mutating func scalar(_ node: YAMLNode, wanted: String, isSecret: Bool = false) -> ScalarInput? {
        guard hasPlainTag(node) else { return nil }
        guard let scalar = node.scalar else {
            refuse(at: node.position, "found \(node.kindName), wanted \(wanted)")
            return nil
        }
        if references is NoReferences { return ScalarInput(scalar, node.position) }
        do {
            guard let text = try ReferenceText(scalar.text) else { return ScalarInput(scalar, node.position) }
            let resolved = try text.resolved(by: references, limit: SettingsDecoder.mostResolvedBytes - resolvedBytes)
            resolvedBytes += resolved.utf8.count
            guard text.hasReference else {
                return ScalarInput(YAMLScalar(resolved, isPlain: scalar.isPlain), node.position)
            }
            remember(resolved, writtenAs: scalar.text)
            return ScalarInput(resolved, writtenAs: scalar.text, hasDefault: text.hasDefault, node.position)
        } catch {
            let hides = isSecret && error.repeatsText
            refuse(
                at: node.position, hides ? ReferenceProblem.withoutText : error.message)
            return nil
        }
    }

    /// False after a complaint about a tag that asks for something we do not do.
    mutating func hasPlainTag(_ node: YAMLNode) -> Bool {
        guard let tag = node.tag, !YAMLTag.harmless.contains(tag) else { return true }
        let shown = tag.replacing(YAMLTag.prefix, with: "!!")
        refuse(at: node.position, "the tag \(Displayed.quoted(shown)) is not supported: remove it")
        return false
    }

    private mutating func remember(_ value: String, writtenAs text: String) {
        writtenReferences[path.description] = text
        // Shorter values cannot be told from ordinary words of a message.
        if value.utf8.count >= 4, resolvedValues.count < SettingsDecoder.mostRemembered { resolvedValues[value] = text }
    }

    /// The second line of defence: a message that repeats a resolved value shows its reference instead. The first is
    /// that `ScalarInput.found` never holds it.
    private func withoutResolvedValues(_ message: String) -> String {
        var message = message
        // The longest first: one value may hold another.
        for (value, text) in resolvedValues.sorted(by: { $0.key.utf8.count > $1.key.utf8.count }) {
            message = message.replacing(value, with: text)
        }
        return message
    }
}

/// One scalar as a format sees it: references resolved, and what a message may show of it.
package struct ScalarInput: Sendable {
    package let text: String
    package let position: SourcePosition
    /// `text` came from outside the file, in whole or in part: no message may hold it nor anything made of it.
    package let isReferenced: Bool
    /// What the core schema makes of it. A referenced text has the kind that it would have unquoted.
    package let kind: YAMLScalar.Kind
    /// The scalar as the file writes it.
    let written: String
    let hasDefault: Bool
    let isQuoted: Bool

    init(_ scalar: YAMLScalar, _ position: SourcePosition) {
        text = scalar.text
        self.position = position
        isReferenced = false
        kind = scalar.kind
        written = scalar.text
        hasDefault = false
        isQuoted = !scalar.isPlain
    }

    init(_ resolved: String, writtenAs written: String, hasDefault: Bool, _ position: SourcePosition) {
        text = resolved
        self.position = position
        isReferenced = true
        kind = YAMLScalar.kind(ofPlain: resolved)
        self.written = written
        self.hasDefault = hasDefault
        isQuoted = false
    }

    /// For "found …".
    var found: String {
        if isReferenced { return "the value of \(Displayed.quoted(written))" }
        return switch kind {
        case .null: "nothing"
        case .text: Displayed.quoted(text)
        case .boolean: "the boolean \(text)"
        case .integer, .number: "the number \(text)"
        }
    }
}
