import ArgumentParser
import Base
import Daemon
import Glibc
import HostSync
import Synchronization

/// Runs a fleet under Ctrl-C: the first one ends connections at the next boundary between two resources and tells what
/// was done where; a second one ends the process.
enum SyncRunner {
    static func run(_ fleet: FleetRun, _ observer: any SyncObserver) async throws -> String? {
        OpenFileLimit.raise()
        return try await withThrowingTaskGroup(of: Outcome.self) { group in
            group.addTask { .ended(try await fleet.run(observer)) }
            group.addTask {
                await StopSignal.shared.wait()
                return .stopped
            }
            var result: String?
            while let outcome = try await group.next() {
                switch outcome {
                case .ended(let why):
                    result = why
                    group.cancelAll()
                    return result
                case .stopped: group.cancelAll()
                }
            }
            return result
        }
    }

    /// Sleeps between two rounds of `--every`.
    ///
    /// - Returns: False when a signal asked for the end.
    static func pause(_ duration: Duration) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { (try? await SystemTime().sleep(for: duration)) != nil }
            group.addTask {
                await StopSignal.shared.wait()
                return false
            }
            let goesOn = await group.next() ?? false
            group.cancelAll()
            return goesOn
        }
    }

    private enum Outcome: Sendable {
        case ended(String?)
        case stopped
    }

    /// Turns a verdict into an exit code.
    ///
    /// - Parameter tellsDifferences: `--detailed-exitcode`.
    static func check(_ verdict: Recap.Verdict, tellsDifferences: Bool = false, stopped: String?) throws {
        switch verdict {
        case .interrupted: throw ExitCode.interrupted
        // Where a rollout was stopped, hosts are left that nobody has touched.
        case .failed: throw stopped == nil ? ExitCode.failed : ExitCode.partial
        case .refused: throw stopped == nil ? ExitCode.badDeclaration : ExitCode.partial
        case .partial: throw ExitCode.partial
        case .done(let changed):
            if stopped == "interrupted" { throw ExitCode.interrupted }
            if stopped != nil { throw ExitCode.partial }
            if changed, tellsDifferences { throw ExitCode.differences }
        }
    }
}
