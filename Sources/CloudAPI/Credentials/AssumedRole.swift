package import Base

/// A role that other credentials may take on.
package struct AssumedRole: CredentialSource {
    package let roleARN: String
    package let sessionName: String
    package let externalID: String?
    package let base: CredentialChain
    package let sts: STSClient

    package var name: String { "role \(roleARN)" }

    package init(roleARN: String, sessionName: String, externalID: String?, base: CredentialChain, sts: STSClient) {
        self.roleARN = roleARN
        self.sessionName = sessionName
        self.externalID = externalID
        self.base = base
        self.sts = sts
    }

    package func load() async throws(ApusError) -> CloudCredentials? {
        let credentials = try await base.credentials()
        return try await sts.assumeRole(roleARN, sessionName: sessionName, externalID: externalID, with: credentials)
    }
}
