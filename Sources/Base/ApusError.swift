/// An operating error as a value: what went wrong, for whom to mend, and whether trying again can help.
///
/// `code` is a constant, searchable word (`connect-failed`); `message` is the sentence for the operator and holds no secret.
/// Commands turn `kind` into an exit code in one place (`ExitCodes.swift`).
package struct ApusError: Error, Sendable, CustomStringConvertible {
    /// Whose fault it is, which decides the exit code.
    package enum Kind: Sendable, Equatable {
        /// The host, a peer or the network: exit code 1.
        case operation
        /// A declaration (configuration file, rule, site): exit code 65.
        case declaration
        /// The command line: exit code 64.
        case usage
    }

    package let code: String
    package let message: String
    package let kind: Kind
    /// True when the same attempt may succeed later (a refused connection), false when it cannot (a wrong address).
    package let canRetry: Bool
    package let cause: (any Error)?

    package init(
        code: String, _ message: String, kind: Kind = .operation, canRetry: Bool = false, cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.kind = kind
        self.canRetry = canRetry
        self.cause = cause
    }

    package var description: String {
        guard let cause else { return message }
        return "\(message): \(cause)"
    }
}
