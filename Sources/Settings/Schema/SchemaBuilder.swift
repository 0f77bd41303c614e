/// Builds a JSON Schema (draft 2020-12): groups become definitions, so that a group which contains itself ends.
struct SchemaBuilder {
    static let dialect: JSONValue = "https://json-schema.org/draft/2020-12/schema"

    /// Text that holds a reference: allowed wherever a scalar is, since its value is not known to an editor.
    static let reference: JSONValue = .object([("$ref", "#/$defs/reference")])

    private var names: [ObjectIdentifier: String] = [:]
    private var definitions: [(String, JSONValue)] = [
        (
            "reference",
            .object([
                ("type", "string"), ("pattern", #"\$\{(env|file):"#),
                ("description", "${env:NAME}, ${env:NAME:-default} or ${file:/path}, replaced when the file is read."),
            ])
        )
    ]

    /// A `$ref` to the definition of `Group`, which is made at its first use.
    mutating func definition<Group: SettingsGroup>(of layout: GroupLayout<Group>) -> JSONValue {
        let identity = ObjectIdentifier(Group.self)
        if let name = names[identity] { return .object([("$ref", .string("#/$defs/\(name)"))]) }
        let plain = String(describing: Group.self).filter { $0.isLetter || $0.isNumber || $0 == "_" }
        let taken = Set(names.values)
        var name = plain
        var number = 2
        while taken.contains(name) || name == "reference" {
            name = "\(plain)\(number)"
            number += 1
        }
        names[identity] = name
        let place = definitions.count
        definitions.append((name, .null))
        definitions[place].1 = layout.schema(&self)
        return .object([("$ref", .string("#/$defs/\(name)"))])
    }

    func property(_ alternatives: [JSONValue], _ summary: String) -> JSONValue {
        var property = SchemaBuilder.any(of: alternatives)
        property.set("description", .string(summary))
        return property
    }

    static func any(of alternatives: [JSONValue]) -> JSONValue {
        alternatives.count == 1 ? alternatives[0] : .object([("anyOf", .array(alternatives))])
    }

    /// The whole schema: `root`'s members and the definitions that it came to need.
    func document(title: String, root: JSONValue) -> JSONValue {
        guard case .object(let members) = root else { return root }
        return .object(
            [("$schema", SchemaBuilder.dialect), ("title", .string(title))] + members
                + [("$defs", .object(definitions))])
    }
}
