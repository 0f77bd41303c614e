import Base
import CloudAPI
import Resilience
import Synchronization

extension BucketStore {
    /// Sends until it is answered with success or the policy gives up.
    ///
    /// - Throws: `StoreFailure` of the last try.
    func send(_ request: Request) async throws(StoreFailure) -> IncomingResponse {
        var retry = RetryState(policy: options.retry, startedAt: time.now())
        let hash = options.dialect == .s3 ? request.sha256.map(Hex.encode) ?? SigningDigest.sha256(request.body) : nil
        var remedies = Remedies()
        while true {
            let used = try await currentCredentials()
            let failure: StoreFailure
            do throws(StoreFailure) { return try await attempt(request, used, payloadHash: hash) } catch {
                failure = error
            }
            if let remedy = failure.remedy, remedies.take(remedy) {
                await apply(remedy, used)
                continue
            }
            guard failure.error.canRetry,
                case .retry(let wait) = retry.afterFailure(now: time.now(), retryAfter: failure.retryAfter)
            else { throw failure }
            do throws(ApusError) { try await time.pause(for: wait) } catch { throw StoreFailure(error: error) }
        }
    }

    private func attempt(
        _ request: Request, _ credentials: CloudCredentials, payloadHash: String?
    ) async throws(StoreFailure) -> IncomingResponse {
        let region = lessons.withLock { $0.region }
        var outgoing = OutgoingRequest(
            method: request.method, url: address.url(request.key, request.query), headers: request.headers,
            body: request.body, timeout: options.timeout)
        let signedAt = now
        options.dialect.signer(region: region, hostBucket: options.usesPathStyle ? nil : options.bucket)
            .sign(&outgoing, credentials: credentials, payloadHash: payloadHash, now: signedAt)
        let answer: IncomingResponse
        do throws(ApusError) { answer = try await http.exchange(outgoing) } catch {
            throw StoreFailure(error: BucketStore.unreachable(error))
        }
        if let failure = StoreAnswer.failure(answer, method: request.method, now: signedAt) { throw failure }
        try BucketStore.checkWhole(answer, method: request.method)
        try BucketStore.checkEcho(answer, request)
        return answer
    }

    private func currentCredentials() async throws(StoreFailure) -> CloudCredentials {
        do throws(ApusError) { return try await credentials.credentials() } catch { throw StoreFailure(error: error) }
    }

    private func apply(_ remedy: StoreRemedy, _ used: CloudCredentials) async {
        switch remedy {
        case .newCredentials: await credentials.reject(used)
        case .clock(let serverTime):
            let ours = time.wallNow().nanosecondsSince1970
            let skew = Duration.nanoseconds(serverTime.nanosecondsSince1970.subtractingClamped(ours))
            lessons.withLock { $0.skew = skew }
        case .region(let region): lessons.withLock { $0.region = region }
        }
    }

    private static func unreachable(_ error: ApusError) -> ApusError {
        if ["cancelled", "tls-failed", "request-invalid"].contains(error.code) { return error }
        return ApusError(
            code: "store-unreachable", "the store does not answer", canRetry: error.canRetry, cause: error)
    }

    /// - Throws: where the answer ended before its `Content-Length`, or went on behind what the client reads.
    private static func checkWhole(_ answer: IncomingResponse, method: String) throws(StoreFailure) {
        if answer.isCut {
            let what = "the store's answer is larger than \(answer.body.count) bytes, which is all that is read"
            throw StoreFailure(error: ApusError(code: "object-too-large", what))
        }
        guard method != "HEAD", answer.status != 204, let field = answer.header("Content-Length"),
            let length = Int(field), length != answer.body.count
        else { return }
        let what = "the store's answer has \(answer.body.count) bytes in place of \(length)"
        throw StoreFailure(error: ApusError(code: "store-unreachable", what, canRetry: true))
    }

    /// Compares the CRC-32C that the store tells with that of what was sent, or of what came.
    private static func checkEcho(_ answer: IncomingResponse, _ request: Request) throws(StoreFailure) {
        // That of parts is one of checksums (`…-3`) and tells nothing of the bytes; of a range none is told.
        guard let echo = answer.header("x-amz-checksum-crc32c"), !echo.contains("-"), answer.status != 206 else {
            return
        }
        let isRead = request.method == "GET"
        guard let ours = isRead ? Base64Text.encode(CRC32C.of(answer.body).bytes) : request.crc32c, echo != ours else {
            return
        }
        let what = "the store's checksum is another one"
        throw StoreFailure(error: ApusError(code: "checksum-mismatch", what, canRetry: true))
    }
}

/// Each remedy helps once in the life of a request; the second time it is a failure like any other.
private struct Remedies {
    private var credentials = false
    private var clock = false
    private var region = false

    mutating func take(_ remedy: StoreRemedy) -> Bool {
        switch remedy {
        case .newCredentials: return Remedies.first(&credentials)
        case .clock: return Remedies.first(&clock)
        case .region: return Remedies.first(&region)
        }
    }

    private static func first(_ flag: inout Bool) -> Bool {
        defer { flag = true }
        return !flag
    }
}
