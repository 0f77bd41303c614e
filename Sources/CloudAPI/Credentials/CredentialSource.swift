package import Base

/// One place where credentials may be found.
package protocol CredentialSource: Sendable {
    /// For "tried: …": `environment`, `profile prod`. Never a value.
    var name: String { get }

    /// Nil where this place is not set up on this host, which is no error: the next one is asked.
    ///
    /// - Throws: where it is set up and does not work (`credentials-failed`): going on would use other rights than
    ///   meant.
    func load() async throws(ApusError) -> CloudCredentials?
}

/// Credentials that stand in a configuration.
package struct FixedCredentials: CredentialSource {
    package let name = "configuration"
    private let credentials: CloudCredentials

    package init(_ credentials: CloudCredentials) { self.credentials = credentials }

    package func load() async throws(ApusError) -> CloudCredentials? { credentials }
}

extension ApusError {
    static func credentialsFailed(_ what: String, canRetry: Bool = false, cause: (any Error)? = nil) -> ApusError {
        ApusError(code: "credentials-failed", what, canRetry: canRetry, cause: cause)
    }
}
