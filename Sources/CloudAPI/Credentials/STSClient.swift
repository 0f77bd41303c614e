package import Base
import Resilience

/// AWS Security Token Service: takes on roles (API version 2011-06-15, query protocol).
package struct STSClient: Sendable {
    private static let attempts = 3

    private let region: String
    private let endpoint: String
    private let http: any HTTPSender
    private let time: any TimeSource

    /// - Parameter environment: `AWS_ENDPOINT_URL_STS` and `AWS_ENDPOINT_URL` name another endpoint.
    package init(region: String, environment: [String: String], http: any HTTPSender, time: any TimeSource) {
        self.region = region
        self.http = http
        self.time = time
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        endpoint =
            environment["AWS_ENDPOINT_URL_STS"] ?? environment["AWS_ENDPOINT_URL"] ?? "https://sts.\(region).\(domain)"
    }

    package func assumeRole(
        _ roleARN: String, sessionName: String, externalID: String?, with credentials: CloudCredentials
    ) async throws(ApusError) -> CloudCredentials {
        var parameters: [(name: String, value: String?)] = [
            ("Action", "AssumeRole"), ("Version", "2011-06-15"), ("RoleArn", roleARN), ("RoleSessionName", sessionName),
        ]
        if let externalID { parameters.append(("ExternalId", externalID)) }
        return try await call(parameters, result: "AssumeRoleResult", credentials)
    }

    package func assumeRoleWithWebIdentity(
        _ roleARN: String, sessionName: String, token: Secret
    ) async throws(ApusError) -> CloudCredentials {
        try await call(
            [
                ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", roleARN),
                ("RoleSessionName", sessionName), ("WebIdentityToken", token.reveal()),
            ], result: "AssumeRoleWithWebIdentityResult", nil)
    }

    private func call(
        _ parameters: [(name: String, value: String?)], result: String, _ credentials: CloudCredentials?
    ) async throws(ApusError) -> CloudCredentials {
        let policy = RetryPolicy(maxAttempts: STSClient.attempts, maxBackoff: .seconds(5))
        var retry = RetryState(policy: policy, startedAt: time.now())
        while true {
            var request = OutgoingRequest(
                url: endpoint.hasSuffix("/") ? endpoint : endpoint + "/",
                headers: [(name: "Content-Type", value: "application/x-www-form-urlencoded; charset=utf-8")],
                body: Array(PercentEncoding.query(parameters).utf8), timeout: .seconds(10))
            if let credentials {
                SigV4Signer(region: region, service: "sts")
                    .sign(&request, credentials: credentials, payloadHash: nil, now: time.wallNow())
            }
            let failure: ApusError
            do throws(ApusError) {
                let answer = try await http.exchange(request)
                if answer.status == 200 { return try STSClient.credentials(answer.body, result) }
                failure = STSClient.refusal(answer)
            } catch {
                failure = error
            }
            guard failure.canRetry, case .retry(let wait) = retry.afterFailure(now: time.now()) else { throw failure }
            try await time.pause(for: wait)
        }
    }

    private static func credentials(_ body: [UInt8], _ result: String) throws(ApusError) -> CloudCredentials {
        let answer = try XMLElement.parse(body, limit: 64 << 10)
        guard let found = answer.child(result)?.child("Credentials"), let key = found.value("AccessKeyId"),
            let secret = found.value("SecretAccessKey"), let token = found.value("SessionToken"),
            let end = found.value("Expiration").flatMap(CloudTimestamp.parse)
        else { throw ApusError.credentialsFailed("STS gave an answer without credentials") }
        return CloudCredentials(
            accessKeyID: key, secretAccessKey: Secret(secret), sessionToken: Secret(token), expiresAt: end)
    }

    /// The error's code is one of STS's constants; its message may repeat what was sent and stays out.
    private static func refusal(_ answer: IncomingResponse) -> ApusError {
        let code = (try? XMLElement.parse(answer.body, limit: 64 << 10))?.value("Error", "Code") ?? "\(answer.status)"
        let canRetry =
            answer.status >= 500 || answer.status == 429
            || ["Throttling", "ThrottlingException", "IDPCommunicationError", "RequestLimitExceeded"].contains(code)
        let shown = code.utf8.count <= 64 && code.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? code : "an error"
        return ApusError.credentialsFailed("STS does not give the role: \(shown)", canRetry: canRetry)
    }
}
