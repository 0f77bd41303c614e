package import Base

/// Credentials from the first source that has some: kept, and renewed five minutes before they end.
///
/// What always holds: one load at a time, however many ask; while credentials are still good, a renewal that fails is
/// not told to anybody and tried again a minute later; no error names a value.
package actor CredentialChain {
    /// So long before the end they are renewed.
    private static let margin = Duration.seconds(300)
    /// After a renewal that failed while the old ones still hold.
    private static let pauseAfterFailure = Duration.seconds(60)

    private let sources: [any CredentialSource]
    private let time: any TimeSource
    private var current: CloudCredentials?
    private var renewNotBefore: MonotonicInstant?
    private var flight: (number: Int, task: Task<Result<CloudCredentials, ApusError>, Never>)?
    private var flights = 0

    package init(_ sources: [any CredentialSource], time: any TimeSource) {
        self.sources = sources
        self.time = time
    }

    /// Credentials that hold for a while.
    ///
    /// - Throws: `credentials-missing` with the sources that were tried; `credentials-failed` (canRetry where the
    ///   service did not answer) where one is set up and does not work.
    package func credentials() async throws(ApusError) -> CloudCredentials {
        if let current, !isDue(current) { return current }
        let result = await renewed()
        switch result {
        case .success(let fresh): return fresh
        case .failure(let error):
            guard let current, !hasEnded(current) else { throw error }
            renewNotBefore = time.now().advanced(by: CredentialChain.pauseAfterFailure)
            return current
        }
    }

    /// A service has refused them: the next call loads anew. Others than the present ones change nothing.
    package func reject(_ refused: CloudCredentials) {
        guard refused == current else { return }
        current = nil
        renewNotBefore = nil
    }

    private func renewed() async -> Result<CloudCredentials, ApusError> {
        if let flight { return await flight.task.value }
        flights += 1
        let number = flights
        // Unstructured on purpose: many wait for it, and the first one's cancellation must not end it. It ends by the
        // time-outs of its sources.
        let task = Task { await load() }
        flight = (number, task)
        let result = await task.value
        if flight?.number == number { flight = nil }
        if case .success(let fresh) = result {
            current = fresh
            renewNotBefore = nil
        }
        return result
    }

    private func load() async -> Result<CloudCredentials, ApusError> {
        do throws(ApusError) {
            for source in sources {
                if let found = try await source.load() { return .success(found) }
            }
        } catch {
            return .failure(error)
        }
        let tried = sources.map(\.name).joined(separator: ", ")
        return .failure(
            ApusError(code: "credentials-missing", "no credentials were found; tried: \(tried)", kind: .declaration))
    }

    private func isDue(_ credentials: CloudCredentials) -> Bool {
        guard let end = credentials.expiresAt, time.wallNow().advanced(by: CredentialChain.margin) >= end else {
            return false
        }
        guard let renewNotBefore, time.now() < renewNotBefore else { return true }
        return hasEnded(credentials)
    }

    private func hasEnded(_ credentials: CloudCredentials) -> Bool {
        credentials.expiresAt.map { time.wallNow() >= $0 } ?? false
    }
}
