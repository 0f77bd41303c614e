/// The way from the top of a file to a value: `disk.rules[2].for`. Keys that are not plain words are quoted: `a."b.c"`.
package struct SettingsPath: Hashable, Sendable, CustomStringConvertible {
    package enum Component: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    package var components: [Component]

    package init(_ components: [Component] = []) {
        self.components = components
    }

    /// Reads what `description` writes, for paths without quoted keys: `report.url`, `rules[2].for`.
    package init(parsing text: String) {
        components = []
        for part in text.split(separator: ".") {
            let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
            if let key = pieces.first, !key.isEmpty { components.append(.key(String(key))) }
            for piece in pieces.dropFirst() {
                if let index = Int(piece.prefix { $0 != "]" }) { components.append(.index(index)) }
            }
        }
    }

    package var isEmpty: Bool { components.isEmpty }

    package func appending(_ component: Component) -> SettingsPath {
        SettingsPath(components + [component])
    }

    package var description: String {
        var text = ""
        for component in components {
            switch component {
            case .index(let index): text += "[\(index)]"
            case .key(let key):
                if !text.isEmpty { text += "." }
                text += SettingsPath.isPlain(key) ? key : Displayed.quoted(key)
            }
        }
        return text
    }

    private static func isPlain(_ key: String) -> Bool {
        !key.isEmpty && key.utf8.count <= Displayed.limit
            && key.unicodeScalars.allSatisfy { scalar in
                scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || "_-/*<>".unicodeScalars.contains(scalar)
            }
    }
}
