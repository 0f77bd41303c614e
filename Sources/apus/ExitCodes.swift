import ArgumentParser
import Base
import Daemon

/// The exit codes of every command, in one place.
extension ExitCode {
    /// What was asked for could not be done: the host, a peer or the network.
    static let failed = ExitCode(1)
    /// Differences were found, where the command was asked to say so.
    static let differences = ExitCode(2)
    /// Done in part, or a limit is passed.
    static let partial = ExitCode(3)
    /// Wrong usage (sysexits.h, EX_USAGE).
    static let usage = ExitCode(64)
    /// A declaration with errors (EX_DATAERR).
    static let badDeclaration = ExitCode(65)
    static let interrupted = ExitCode(130)

    init(_ kind: ApusError.Kind) {
        switch kind {
        case .operation: self = .failed
        case .declaration: self = .badDeclaration
        case .usage: self = .usage
        }
    }
}
