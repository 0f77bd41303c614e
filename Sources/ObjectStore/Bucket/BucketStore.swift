package import Base
package import CloudAPI
import Resilience
import Synchronization

/// A bucket of S3, of a store that speaks S3's language, or of Aliyun OSS.
///
/// What always holds:
/// - Each request is signed anew at each try, with credentials of that moment and with the clock corrected by what the
///   store has told of its own.
/// - A body is sent whole with its SHA-256 (S3) and a checksum; an answer that is cut or shorter than it says is a failed
///   try. No trailers and no chunked signatures, which OSS and others refuse.
/// - What the store has taught (its region, its time) is kept for all later requests.
package final class BucketStore: ObjectStore {
    package let name: String
    package let limits: ObjectStoreLimits

    let options: BucketOptions
    let headers: BucketHeaders
    let time: any TimeSource
    private let credentials: CredentialChain
    private let http: any HTTPSender
    private let lessons: Mutex<Lessons>

    /// What the store has taught.
    struct Lessons {
        var region: String
        /// Its clock less ours.
        var skew = Duration.zero
    }

    /// One request: everything but who asks and when.
    struct Request {
        var method: String
        /// With the store's prefix; nil for the bucket.
        var key: String?
        var query: [(name: String, value: String?)] = []
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
    }

    /// - Parameter http: Its limit of answers is `limits.maximumReadBytes` at least.
    package init(
        _ options: BucketOptions, credentials: CredentialChain, http: any HTTPSender, time: any TimeSource,
        limits: ObjectStoreLimits = ObjectStoreLimits()
    ) {
        self.options = options
        self.credentials = credentials
        self.http = http
        self.time = time
        self.limits = limits
        headers = BucketHeaders(options: options)
        name = "\(options.dialect.scheme)://\(options.bucket)/\(options.prefix)"
        lessons = Mutex(Lessons(region: options.region))
    }

    var now: WallInstant { time.wallNow().advanced(by: lessons.withLock { $0.skew }) }

    var address: BucketAddress { BucketAddress(options, region: lessons.withLock { $0.region }) }

    func fullKey(_ key: String) throws(ApusError) -> String {
        try ObjectKey.check(key)
        return options.prefix + key
    }

    /// Sends until it is answered with success or the policy gives up.
    ///
    /// - Throws: `StoreFailure` of the last try.
    func send(_ request: Request) async throws(StoreFailure) -> IncomingResponse {
        var retry = RetryState(policy: options.retry, startedAt: time.now())
        let hash = options.dialect == .s3 ? SigningDigest.sha256(request.body) : nil
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
