package import Settings

/// What a reload does with each component: decided from fingerprints alone, before anything is touched.
package struct ReloadPlan: Equatable, Sendable {
    package enum Step: Equatable, Sendable {
        /// The settings did not change: it is not restarted, not even looked at.
        case keep
        case add
        /// The old one hands over and drains while the new one works.
        case replace
        case remove
    }

    /// In the order in which the new file's components start; those that go come last.
    package let steps: [(name: String, step: Step)]

    /// - Parameters:
    ///   - running: The fingerprint of each component of the running generation.
    ///   - wanted: Those of the new file, in the order of the list of components.
    package init(running: [String: SettingsFingerprint], wanted: [(name: String, fingerprint: SettingsFingerprint)]) {
        var steps: [(name: String, step: Step)] = wanted.map { name, fingerprint in
            switch running[name] {
            case nil: (name, .add)
            case fingerprint: (name, .keep)
            default: (name, .replace)
            }
        }
        let wantedNames = Set(wanted.map(\.name))
        for name in running.keys.filter({ !wantedNames.contains($0) }).sorted() {
            steps.append((name, .remove))
        }
        self.steps = steps
    }

    /// Whether that component is built from the new file.
    package func builds(_ name: String) -> Bool {
        steps.contains { $0.name == name && ($0.step == .add || $0.step == .replace) }
    }

    package static func == (left: ReloadPlan, right: ReloadPlan) -> Bool {
        left.steps.elementsEqual(right.steps) { $0 == $1 }
    }
}
