import Base
import Synchronization
import Telemetry

/// A log output that keeps its lines, and refuses them when told to.
final class CapturedOutput: LogOutput {
    let isTerminal: Bool
    private let state = Mutex((lines: [String](), isBroken: false))

    init(isTerminal: Bool = false) { self.isTerminal = isTerminal }

    var lines: [String] { state.withLock { $0.lines } }

    func breakDown() { state.withLock { $0.isBroken = true } }

    func write(_ line: [UInt8]) -> Bool {
        state.withLock { state in
            if state.isBroken { return false }
            state.lines.append(String(decoding: line, as: UTF8.self))
            return true
        }
    }
}
