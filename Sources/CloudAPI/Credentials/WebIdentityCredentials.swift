package import Base

/// A role that the token of an identity provider gives (EKS service accounts): the token is a file that is read anew
/// each time, since others replace it.
package struct WebIdentityCredentials: CredentialSource {
    package var name: String { "web identity" }
    private let roleARN: String?
    private let tokenFile: String?
    private let sessionName: String
    private let sts: STSClient

    package init(environment: [String: String], sts: STSClient) {
        self.init(
            roleARN: environment["AWS_ROLE_ARN"], tokenFile: environment["AWS_WEB_IDENTITY_TOKEN_FILE"],
            sessionName: environment["AWS_ROLE_SESSION_NAME"], sts: sts)
    }

    init(roleARN: String?, tokenFile: String?, sessionName: String?, sts: STSClient) {
        self.roleARN = roleARN
        self.tokenFile = tokenFile
        self.sessionName = sessionName ?? "apus"
        self.sts = sts
    }

    package func load() async throws(ApusError) -> CloudCredentials? {
        guard let tokenFile, !tokenFile.isEmpty else { return nil }
        guard let roleARN, !roleARN.isEmpty else {
            throw ApusError.credentialsFailed("a web identity needs a role: AWS_ROLE_ARN is not set")
        }
        let token = String(decoding: try Files.read(tokenFile, limit: 64 << 10), as: UTF8.self)
        return try await sts.assumeRoleWithWebIdentity(
            roleARN, sessionName: sessionName, token: Secret(token.trimmedForSigning))
    }
}
