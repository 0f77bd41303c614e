package import Base

/// The role of a virtual machine, from the metadata service of its host (EC2's IMDSv2; Aliyun's security-hardened
/// mode).
///
/// Only with a session token, which a request forged through a proxy cannot get. Each try has a second: where there is
/// no such service, packets go nowhere.
package struct InstanceCredentials: CredentialSource {
    package enum Cloud: Sendable { case aws, aliyun }

    package var name: String { "instance metadata" }
    private static let timeout = Duration.seconds(1)
    private static let attempts = 2

    private let cloud: Cloud
    private let environment: [String: String]
    private let http: any HTTPSender

    package init(_ cloud: Cloud, environment: [String: String], http: any HTTPSender) {
        self.cloud = cloud
        self.environment = environment
        self.http = http
    }

    package func load() async throws(ApusError) -> CloudCredentials? {
        guard environment[disabledVariable]?.lowercased() != "true" else { return nil }
        guard let token = await token() else { return nil }
        guard let list = try await get(rolesPath, token), let role = roleName(list) else { return nil }
        guard let document = try await get(rolesPath + PercentEncoding.encode(role), token) else {
            throw ApusError.credentialsFailed("the instance metadata has a role without credentials", canRetry: true)
        }
        return try CredentialDocument.read(document, from: "the instance metadata")
    }

    private var disabledVariable: String {
        cloud == .aws ? "AWS_EC2_METADATA_DISABLED" : "ALIBABA_CLOUD_ECS_METADATA_DISABLED"
    }

    private var endpoint: String {
        guard cloud == .aws else { return "http://100.100.100.200" }
        if let chosen = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"], !chosen.isEmpty {
            return chosen.hasSuffix("/") ? String(chosen.dropLast()) : chosen
        }
        let mode = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.lowercased()
        return mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
    }

    private var headerPrefix: String { cloud == .aws ? "x-aws-ec2-metadata-token" : "x-aliyun-ecs-metadata-token" }

    private var rolesPath: String {
        cloud == .aws ? "/latest/meta-data/iam/security-credentials/" : "/latest/meta-data/ram/security-credentials/"
    }

    /// Nil where nobody answers: this is no such machine.
    private func token() async -> String? {
        let request = OutgoingRequest(
            method: "PUT", url: endpoint + "/latest/api/token",
            headers: [(name: "\(headerPrefix)-ttl-seconds", value: "21600")], timeout: InstanceCredentials.timeout)
        for _ in 0..<InstanceCredentials.attempts {
            guard let answer = try? await http.exchange(request), answer.status == 200 else { continue }
            let token = String(decoding: answer.body, as: UTF8.self)
            return token.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !token.isEmpty ? token : nil
        }
        return nil
    }

    /// Nil for 404: no role is attached.
    private func get(_ path: String, _ token: String) async throws(ApusError) -> [UInt8]? {
        let request = OutgoingRequest(
            method: "GET", url: endpoint + path, headers: [(name: headerPrefix, value: token)],
            timeout: InstanceCredentials.timeout)
        var reason: ApusError?
        for _ in 0..<InstanceCredentials.attempts {
            do throws(ApusError) {
                let answer = try await http.exchange(request)
                if answer.status == 404 { return nil }
                if answer.status == 200 { return answer.body }
                reason = ApusError(code: "status", "it answered \(answer.status)")
            } catch {
                reason = error
            }
        }
        throw ApusError.credentialsFailed("the instance metadata does not answer", canRetry: true, cause: reason)
    }

    private func roleName(_ list: [UInt8]) -> String? {
        let first = list.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return first.isEmpty || first.count > 256 ? nil : String(validating: first, as: UTF8.self)
    }
}
