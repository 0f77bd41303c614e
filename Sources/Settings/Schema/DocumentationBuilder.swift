/// Writes the keys of groups as Markdown tables, one a group, each group once.
struct DocumentationBuilder {
    private(set) var text = ""
    private var path: [String] = []
    private var open: Set<ObjectIdentifier> = []

    mutating func section(_ name: String, _ summary: String, _ subfields: (inout DocumentationBuilder) -> Void) {
        text += "## `\(name)`\n\n\(summary)\n\n"
        path = [name]
        subfields(&self)
    }

    mutating func group<Group: SettingsGroup>(_ layout: GroupLayout<Group>) {
        // A group inside itself is described where it stands first.
        guard open.insert(ObjectIdentifier(Group.self)).inserted else { return }
        defer { open.remove(ObjectIdentifier(Group.self)) }
        if path.count > 1 { text += "### `\(path.joined(separator: "."))`\n\n" }
        text += "| key | value | default | meaning |\n| --- | --- | --- | --- |\n"
        let defaults = Group()
        var renderer = SettingsRenderer(.redacted)
        for field in layout.fields {
            let value = field.isRequired ? nil : field.render(defaults, &renderer)
            let shown = field.isRequired ? "required" : value.map(DocumentationBuilder.brief) ?? "none"
            text += "| `\(field.key)` | \(DocumentationBuilder.cell(field.wanted)) | \(shown) | "
            text += "\(DocumentationBuilder.cell(field.summary)) |\n"
        }
        text += "\n"
        for field in layout.fields {
            path.append(field.key)
            field.subfields(&self)
            path.removeLast()
        }
    }

    private static func brief(_ value: RenderedValue) -> String {
        switch value {
        case .literal(let text): "`\(text)`"
        case .text(let text), .written(let text): text.isEmpty ? "empty" : "`\(cell(text))`"
        case .redacted: "none"
        case .list(let items): items.isEmpty ? "empty" : items.map(brief).joined(separator: ", ")
        case .map(let pairs): pairs.isEmpty ? "empty" : "see below"
        }
    }

    private static func cell(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing("\n", with: " ")
    }
}
