package import Base

/// Makes a request one that the cloud accepts: adds the headers of its signature.
package protocol RequestSigner: Sendable {
    /// - Parameters:
    ///   - request: its URL is final and percent-encoded as it goes out; `body` is what is sent.
    ///   - payloadHash: hexadecimal SHA-256 of the body, `UNSIGNED-PAYLOAD`, or nil to have it computed.
    ///   - now: civil time with the correction for clock skew.
    func sign(_ request: inout OutgoingRequest, credentials: CloudCredentials, payloadHash: String?, now: WallInstant)
}

/// Who asks.
package struct CloudCredentials: Sendable, Equatable {
    package var accessKeyID: String
    package var secretAccessKey: Secret
    package var sessionToken: Secret?
    /// Nil for those that do not end.
    package var expiresAt: WallInstant?

    package init(
        accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil, expiresAt: WallInstant? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiresAt = expiresAt
    }
}
