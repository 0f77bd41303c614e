package import Base
import Resilience

/// AWS Key Management Service, as far as data keys need it (AWS JSON 1.1, `TrentService`).
///
/// Plain keys are in memory only. Throttling, 5xx and connections that fail are tried again with full jitter;
/// credentials that have expired are renewed once.
package struct KMSClient: Sendable {
    private static let retry = RetryPolicy(maxAttempts: 5, initialBackoff: .milliseconds(100), maxBackoff: .seconds(5))

    private let endpoint: String
    private let signer: SigV4Signer
    private let credentials: CredentialChain
    private let http: any HTTPSender
    private let timeout: Duration
    private let time: any TimeSource

    /// - Parameters:
    ///   - endpoint: `https://host:port`; nil for AWS's own of the region.
    ///   - timeout: Of one request; there are up to five.
    package init(
        endpoint: String?, region: String, credentials: CredentialChain, http: any HTTPSender,
        timeout: Duration = .seconds(10), time: any TimeSource
    ) {
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        let chosen = endpoint ?? "https://kms.\(region).\(domain)"
        self.endpoint = chosen.hasSuffix("/") ? chosen : chosen + "/"
        signer = SigV4Signer(region: region, service: "kms")
        self.credentials = credentials
        self.http = http
        self.timeout = timeout
        self.time = time
    }

    /// A fresh data key of 256 bits.
    ///
    /// - Parameters:
    ///   - keyID: An identifier, an ARN or `alias/…`.
    ///   - context: The encryption context, which `decrypt` needs again.
    /// - Returns: `keyID` as the ARN of the key that was used.
    /// - Throws: `key-unknown`, `key-provider-failed`, `credentials-missing`, `credentials-failed`.
    package func generateDataKey(
        keyID: String, context: [(name: String, value: String)]
    ) async throws(ApusError) -> (plain: [UInt8], wrapped: [UInt8], keyID: String) {
        let answer = try await call(
            "GenerateDataKey",
            [JSON.Member("KeyId", .string(keyID)), JSON.Member("KeySpec", .string("AES_256"))] + members(context))
        guard let plain = bytes(answer, "Plaintext"), plain.count == 32, let wrapped = bytes(answer, "CiphertextBlob"),
            let used = answer["KeyId"]?.string
        else { throw KMSClient.failed("KMS gave an answer without a data key") }
        return (plain, wrapped, used)
    }

    /// Opens what `generateDataKey` has wrapped.
    ///
    /// - Parameter keyID: Where given, only this key may open it.
    /// - Throws: `key-mismatch` where it does not open with that key and context; else as `generateDataKey`.
    package func decrypt(
        _ wrapped: [UInt8], keyID: String?, context: [(name: String, value: String)]
    ) async throws(ApusError) -> (plain: [UInt8], keyID: String) {
        var request = [JSON.Member("CiphertextBlob", .string(Base64Text.encode(wrapped)))]
        if let keyID { request.append(JSON.Member("KeyId", .string(keyID))) }
        let answer = try await call("Decrypt", request + members(context))
        guard let plain = bytes(answer, "Plaintext"), let used = answer["KeyId"]?.string else {
            throw KMSClient.failed("KMS gave an answer without a key")
        }
        return (plain, used)
    }

    /// Wraps a data key anew with the present version of a key, without showing it to this host.
    package func reEncrypt(
        _ wrapped: [UInt8], to keyID: String, context: [(name: String, value: String)]
    ) async throws(ApusError) -> (wrapped: [UInt8], keyID: String) {
        let pairs = KMSClient.object(context)
        let answer = try await call(
            "ReEncrypt",
            [
                JSON.Member("CiphertextBlob", .string(Base64Text.encode(wrapped))),
                JSON.Member("DestinationKeyId", .string(keyID)), JSON.Member("SourceEncryptionContext", pairs),
                JSON.Member("DestinationEncryptionContext", pairs),
            ])
        guard let fresh = bytes(answer, "CiphertextBlob"), let used = answer["KeyId"]?.string else {
            throw KMSClient.failed("KMS gave an answer without a wrapped key")
        }
        return (fresh, used)
    }

    /// The ARN of a key that is there and enabled: for `check`, before anything is encrypted.
    package func describeKey(_ keyID: String) async throws(ApusError) -> String {
        let answer = try await call("DescribeKey", [JSON.Member("KeyId", .string(keyID))])
        guard let key = answer["KeyMetadata"], let name = key["Arn"]?.string else {
            throw KMSClient.failed("KMS gave an answer without a key")
        }
        guard key["Enabled"]?.bool != false else { throw KMSError.unknown("the key is disabled") }
        return name
    }

    private func members(_ context: [(name: String, value: String)]) -> [JSON.Member] {
        context.isEmpty ? [] : [JSON.Member("EncryptionContext", KMSClient.object(context))]
    }

    private static func object(_ context: [(name: String, value: String)]) -> JSON {
        .object(context.map { JSON.Member($0.name, .string($0.value)) })
    }

    private func bytes(_ answer: JSON, _ name: String) -> [UInt8]? {
        answer[name]?.string.flatMap { Base64Text.decode($0) }
    }

    private static func failed(_ what: String) -> ApusError { ApusError(code: "key-provider-failed", what) }

    private func call(_ action: String, _ members: [JSON.Member]) async throws(ApusError) -> JSON {
        let body = Array(JSON.object(members).text.utf8)
        var retry = RetryState(policy: KMSClient.retry, startedAt: time.now())
        var mayRenew = true
        while true {
            let used = try await credentials.credentials()
            let failure: ApusError
            do throws(ApusError) {
                let answer = try await http.exchange(request(action, body, used))
                if answer.status == 200 { return try JSON.parse(answer.body, limit: 256 << 10) }
                let error = KMSError(answer)
                if error.isStaleCredentials, mayRenew {
                    mayRenew = false
                    await credentials.reject(used)
                    continue
                }
                failure = error.apusError
            } catch {
                guard error.code != "cancelled" else { throw error }
                failure = ApusError(
                    code: "key-provider-failed", "KMS does not answer", canRetry: error.canRetry, cause: error)
            }
            guard failure.canRetry, case .retry(let wait) = retry.afterFailure(now: time.now()) else { throw failure }
            try await time.pause(for: wait)
        }
    }

    private func request(_ action: String, _ body: [UInt8], _ credentials: CloudCredentials) -> OutgoingRequest {
        var request = OutgoingRequest(
            url: endpoint,
            headers: [
                (name: "Content-Type", value: "application/x-amz-json-1.1"),
                (name: "X-Amz-Target", value: "TrentService.\(action)"),
            ], body: body, timeout: timeout)
        signer.sign(&request, credentials: credentials, payloadHash: nil, now: time.wallNow())
        return request
    }
}
