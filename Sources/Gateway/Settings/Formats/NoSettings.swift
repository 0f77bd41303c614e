package import Settings

/// A choice that has no settings of its own: `balance: roundRobin`.
package struct NoSettings: SettingsGroup {
    package init() {}
    package static var fields: [SettingsField<Self>] { [] }
}

extension UnionCase where Value: Equatable {
    /// A case that is its name alone.
    init(_ name: String, _ value: Value, _ summary: String) {
        self.init(name, .group(NoSettings.self), summary) { _ in
            value
        } unwrap: {
            $0 == value ? NoSettings() : nil
        }
    }
}
