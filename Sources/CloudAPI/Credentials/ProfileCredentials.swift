package import Base

/// A profile of the shared files: keys, a program that gives them (`credential_process`), or a role that another
/// profile, the environment, the container, the instance or a web identity takes on.
package struct ProfileCredentials: CredentialSource {
    /// Profiles that lead to one another.
    private static let longestWay = 5

    package var name: String { "profile \(profile)" }
    private let profile: String
    private let mustExist: Bool
    private let environment: [String: String]
    private let sts: STSClient
    private let http: any HTTPSender
    private let time: any TimeSource

    package init(
        _ profile: String, mustExist: Bool, environment: [String: String], sts: STSClient, http: any HTTPSender,
        time: any TimeSource
    ) {
        self.profile = profile
        self.mustExist = mustExist
        self.environment = environment
        self.sts = sts
        self.http = http
        self.time = time
    }

    package func load() async throws(ApusError) -> CloudCredentials? {
        let file = try ProfileFile(environment: environment)
        guard file[profile] != nil else {
            if mustExist { throw ApusError.credentialsFailed("there is no profile \(profile)") }
            return nil
        }
        let found = try await credentials(of: profile, in: file, way: [])
        if found == nil, mustExist { throw ApusError.credentialsFailed("the profile \(profile) has no credentials") }
        return found
    }

    private func credentials(
        of name: String, in file: ProfileFile, way: [String]
    ) async throws(ApusError) -> CloudCredentials? {
        guard let keys = file[name] else { throw ApusError.credentialsFailed("there is no profile \(name)") }
        // A profile that names itself as its source means its own keys.
        if let role = keys["role_arn"], way.last != name {
            return try await assumed(role, keys, in: file, way: way + [name])
        }
        if let key = keys["aws_access_key_id"] {
            guard let secret = keys["aws_secret_access_key"] else {
                throw ApusError.credentialsFailed("the profile \(name) has no aws_secret_access_key")
            }
            let token = keys["aws_session_token"].map { Secret($0) }
            return CloudCredentials(accessKeyID: key, secretAccessKey: Secret(secret), sessionToken: token)
        }
        if let command = keys["credential_process"] {
            return try await ProcessCredentials(command, time: time).load()
        }
        return nil
    }

    private func assumed(
        _ role: String, _ keys: [String: String], in file: ProfileFile, way: [String]
    ) async throws(ApusError) -> CloudCredentials? {
        let session = keys["role_session_name"] ?? "apus"
        if let tokenFile = keys["web_identity_token_file"] {
            return try await WebIdentityCredentials(
                roleARN: role, tokenFile: tokenFile, sessionName: session, sts: sts
            ).load()
        }
        var base: CloudCredentials?
        if let source = keys["source_profile"] {
            guard way.count <= ProfileCredentials.longestWay, !way.dropLast().contains(source) else {
                throw ApusError.credentialsFailed("the profiles \(way.joined(separator: ", ")) lead to one another")
            }
            base = try await credentials(of: source, in: file, way: way)
        } else {
            base = try await named(keys["credential_source"])
        }
        guard let base else {
            throw ApusError.credentialsFailed("the profile \(way.last ?? "") has a role and nobody who takes it on")
        }
        return try await sts.assumeRole(role, sessionName: session, externalID: keys["external_id"], with: base)
    }

    private func named(_ source: String?) async throws(ApusError) -> CloudCredentials? {
        switch source {
        case "Environment": try await EnvironmentCredentials.aws(environment).load()
        case "EcsContainer": try await ContainerCredentials(environment: environment, http: http).load()
        case "Ec2InstanceMetadata": try await InstanceCredentials(.aws, environment: environment, http: http).load()
        default: nil
        }
    }
}
