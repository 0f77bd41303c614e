package import Base

extension CredentialChain {
    /// What a configuration may say about who asks; all nil looks where AWS's own tools look.
    package struct Wishes: Sendable {
        package var fixed: CloudCredentials?
        package var profile: String?
        /// Taken on with whatever the rest finds, by STS.
        package var roleARN: String?

        package init(fixed: CloudCredentials? = nil, profile: String? = nil, roleARN: String? = nil) {
            self.fixed = fixed
            self.profile = profile
            self.roleARN = roleARN
        }
    }

    /// In AWS's order: what is configured; else environment, web identity, profile, container, instance metadata.
    ///
    /// - Parameters:
    ///   - environment: `ProcessEnvironment.current()`, or what a test wants.
    ///   - region: Of STS, where a role is taken on.
    package static func aws(
        _ wishes: Wishes = Wishes(), region: String?, environment: [String: String], http: any HTTPSender,
        time: any TimeSource
    ) -> CredentialChain {
        let sts = STSClient(region: region ?? "us-east-1", environment: environment, http: http, time: time)
        var sources: [any CredentialSource]
        if let fixed = wishes.fixed {
            sources = [FixedCredentials(fixed)]
        } else if let profile = wishes.profile {
            sources = [
                ProfileCredentials(profile, mustExist: true, environment: environment, sts: sts, http: http, time: time)
            ]
        } else {
            sources = [
                EnvironmentCredentials.aws(environment), WebIdentityCredentials(environment: environment, sts: sts),
                ProfileCredentials(
                    environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"] ?? "default",
                    mustExist: environment["AWS_PROFILE"] != nil, environment: environment, sts: sts, http: http,
                    time: time),
                ContainerCredentials(environment: environment, http: http),
                InstanceCredentials(.aws, environment: environment, http: http),
            ]
        }
        if let role = wishes.roleARN {
            let base = CredentialChain(sources, time: time)
            sources = [AssumedRole(roleARN: role, sessionName: "apus", externalID: nil, base: base, sts: sts)]
        }
        return CredentialChain(sources, time: time)
    }

    /// For Aliyun: what is configured; else environment and instance metadata. Roles of Aliyun's STS are not taken on.
    package static func aliyun(
        _ fixed: CloudCredentials? = nil, environment: [String: String], http: any HTTPSender, time: any TimeSource
    ) -> CredentialChain {
        if let fixed { return CredentialChain([FixedCredentials(fixed)], time: time) }
        return CredentialChain(
            [
                EnvironmentCredentials.aliyun(environment), EnvironmentCredentials.oss(environment),
                InstanceCredentials(.aliyun, environment: environment, http: http),
            ], time: time)
    }
}
