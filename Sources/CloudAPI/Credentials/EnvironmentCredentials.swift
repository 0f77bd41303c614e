package import Base

/// Credentials in variables of the environment. Half of a pair is an error: somebody meant to set both.
package struct EnvironmentCredentials: CredentialSource {
    package let name: String
    private let variables: (key: String, secret: String, token: String)
    private let environment: [String: String]

    private init(_ name: String, _ variables: (key: String, secret: String, token: String), _ all: [String: String]) {
        self.name = name
        self.variables = variables
        environment = all
    }

    package static func aws(_ environment: [String: String]) -> EnvironmentCredentials {
        EnvironmentCredentials(
            "environment", ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), environment)
    }

    package static func aliyun(_ environment: [String: String]) -> EnvironmentCredentials {
        EnvironmentCredentials(
            "environment (ALIBABA_CLOUD_*)",
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
            environment)
    }

    /// As ossutil and Aliyun's SDKs name them.
    package static func oss(_ environment: [String: String]) -> EnvironmentCredentials {
        EnvironmentCredentials(
            "environment (OSS_*)", ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"), environment)
    }

    package func load() async throws(ApusError) -> CloudCredentials? {
        let key = environment[variables.key] ?? ""
        let secret = environment[variables.secret] ?? ""
        if key.isEmpty && secret.isEmpty { return nil }
        guard !key.isEmpty, !secret.isEmpty else {
            let missing = key.isEmpty ? variables.key : variables.secret
            throw ApusError.credentialsFailed("half of the credentials is in the environment: \(missing) is not set")
        }
        let token = environment[variables.token].flatMap { $0.isEmpty ? nil : Secret($0) }
        return CloudCredentials(accessKeyID: key, secretAccessKey: Secret(secret), sessionToken: token)
    }
}
