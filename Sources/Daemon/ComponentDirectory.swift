import Settings
import Synchronization

/// The runners of the running generation, in the order of the list of components.
final class ComponentDirectory: Sendable {
    private let runners = Mutex<[ComponentRunner]>([])

    var all: [ComponentRunner] { runners.withLock { $0 } }
    var names: [String] { all.map(\.name) }

    var fingerprints: [String: SettingsFingerprint] {
        Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.fingerprint) })
    }

    func runner(_ name: String) -> ComponentRunner? {
        runners.withLock { runners in runners.first { $0.name == name } }
    }

    /// Puts a runner in the place of its predecessor, or where `order` wants it.
    func put(_ runner: ComponentRunner, order: [String]) {
        runners.withLock { runners in
            runners.removeAll { $0.name == runner.name }
            runners.append(runner)
            let place = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
            runners.sort { place[$0.name, default: .max] < place[$1.name, default: .max] }
        }
    }

    func remove(_ name: String) {
        runners.withLock { runners in runners.removeAll { $0.name == name } }
    }
}
