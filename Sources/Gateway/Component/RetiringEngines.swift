import Base
import Synchronization

/// Engines whose workers a reload has replaced: they accept no more, finish what they have, and end. The present generation
/// has them, so that the end of the process waits for them, too.
final class RetiringEngines: Sendable {
    /// How often one is asked whether it is done.
    private static let pause = Duration.milliseconds(200)

    private let engines = Mutex<[GatewayEngine]>([])

    func add(_ engine: GatewayEngine, _ time: any TimeSource) {
        engines.withLock { $0.append(engine) }
        engine.drain()
        Task {
            while await engine.openConnections > 0 {
                guard (try? await time.sleep(for: RetiringEngines.pause)) != nil else { break }
            }
            self.end(engine)
        }
    }

    private func end(_ engine: GatewayEngine) {
        engines.withLock { $0.removeAll { $0 === engine } }
        engine.plan.accessLog?.flush()
        engine.stop()
    }

    var areOpen: Bool { engines.withLock { !$0.isEmpty } }

    /// Closes what they still have.
    func stop() {
        for engine in engines.withLock({ $0 }) { end(engine) }
    }
}
