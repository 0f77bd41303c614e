import Base
import CloudAPI
import Resilience

/// What may be mended before the next try.
enum StoreRemedy: Equatable {
    /// The credentials are refused as expired: others may be there.
    case newCredentials
    /// Our clock is wrong: the server's time.
    case clock(WallInstant)
    /// The bucket is in another region.
    case region(String)
}

/// Why an answer is no success.
struct StoreFailure: Error {
    var error: ApusError
    var remedy: StoreRemedy?
    var retryAfter: Duration?
    /// The store's word for it, `NoSuchUpload`; empty where it gave none.
    var word = ""
}

/// Judges an answer by status and by the error in its body; knows nothing of what was asked but the method.
enum StoreAnswer {
    private static let busy: Set<String> = [
        "SlowDown", "ServiceUnavailable", "Throttling", "ThrottlingException", "TooManyRequests",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded", "QpsLimitExceeded",
    ]
    private static let passing: Set<String> = [
        "InternalError", "RequestTimeout", "OperationAborted", "ConditionalRequestConflict", "IncompleteBody",
    ]
    private static let stale: Set<String> = [
        "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "SecurityTokenExpired", "InvalidSecurityToken",
    ]
    private static let taken: Set<String> = ["PreconditionFailed", "FileAlreadyExists"]
    private static let damaged: Set<String> = [
        "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch",
        "ContentSHA256Mismatch", "InvalidPart", "InvalidPartOrder",
    ]
    private static let full: Set<String> = ["QuotaExceeded", "XMinioStorageFull", "InsufficientStorage"]
    private static let wrongRegion: Set<String> = [
        "AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect", "Redirect",
        "IllegalLocationConstraintException", "InvalidRegion",
    ]
    /// Clocks of both sides that are further apart than this make a refusal without a body one of time (S3 allows 15
    /// min).
    private static let mostSkew = Duration.seconds(300)

    /// Nil for success.
    ///
    /// - Parameter now: our time, as the request was signed with.
    static func failure(_ answer: IncomingResponse, method: String, now: WallInstant) -> StoreFailure? {
        let details = details(answer, method: method)
        if (200..<300).contains(answer.status), details?.isError != true { return nil }
        let word = details?.word ?? ""
        var failure = StoreFailure(error: error(answer.status, word, details?.place), word: word)
        failure.remedy = remedy(answer, word, details, method: method, now: now)
        failure.retryAfter = answer.header("Retry-After").flatMap { RetryAfter.parse($0, wallNow: now) }
        return failure
    }

    private struct Details {
        let isError: Bool
        let word: String
        let region: String?
        /// Where the store wants to be asked.
        let place: String?
    }

    /// The `<Error>` of a body. A success may hold one, too, where the answer began before the work was done
    /// (completing an upload, copying).
    private static func details(_ answer: IncomingResponse, method: String) -> Details? {
        let isXML = answer.body.prefix(512).contains(UInt8(ascii: "<"))
        guard !answer.body.isEmpty, isXML, answer.status >= 300 || method != "GET" else { return nil }
        guard let root = try? XMLElement.parse(answer.body, limit: 1 << 20) else { return nil }
        return Details(
            isError: root.name == "Error", word: shown(root.value("Code")), region: root.value("Region"),
            place: root.value("Endpoint").map(shown))
    }

    /// Words of a store as they may stand in a message.
    private static func shown(_ text: String?) -> String {
        guard let text, text.utf8.count <= 100, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return "" }
        return text
    }

    private static func error(_ status: Int, _ word: String, _ place: String?) -> ApusError {
        let what = "the store refused: \(word.isEmpty ? "status \(status)" : word)"
        func make(_ code: String, canRetry: Bool = false) -> ApusError {
            ApusError(code: code, what, canRetry: canRetry)
        }
        if word == "NoSuchUpload" { return make("upload-missing") }
        if word == "NoSuchBucket" { return ApusError(code: "store-failed", what, kind: .declaration) }
        if damaged.contains(word) { return make("checksum-mismatch", canRetry: !word.hasPrefix("InvalidPart")) }
        if full.contains(word) || status == 507 { return make("store-full", canRetry: true) }
        if taken.contains(word) || status == 412 { return make("object-exists") }
        if busy.contains(word) || status == 429 || status == 503 { return make("store-busy", canRetry: true) }
        if passing.contains(word) || [408, 500, 502, 504].contains(status) {
            return make("store-busy", canRetry: true)
        }
        if status == 404 { return make("object-missing") }
        if status == 416 { return make("range-missing") }
        if let place, !place.isEmpty, status == 403 || (300..<400).contains(status) {
            return ApusError(code: "store-denied", "\(what); the bucket is to be asked at \(place)", kind: .declaration)
        }
        if status == 401 || status == 403 { return make("store-denied") }
        return make("store-failed")
    }

    private static func remedy(
        _ answer: IncomingResponse, _ word: String, _ details: Details?, method: String, now: WallInstant
    ) -> StoreRemedy? {
        if stale.contains(word) { return .newCredentials }
        let serverTime = answer.header("Date").flatMap { HTTPDate.parse($0[...].utf8) }
        if let serverTime {
            let apart = serverTime.nanosecondsSince1970.subtractingClamped(now.nanosecondsSince1970).magnitude
            let isFar = apart > mostSkew.wholeNanoseconds.magnitude
            if word == "RequestTimeTooSkewed" || word.isEmpty && answer.status == 403 && isFar {
                return .clock(serverTime)
            }
        }
        let region = answer.header("x-amz-bucket-region") ?? details?.region
        let mayMove = [301, 302, 307].contains(answer.status) || wrongRegion.contains(word)
        if let region, mayMove || (word.isEmpty && answer.status == 400), isRegion(region) { return .region(region) }
        // The answer to HEAD has no body to say it.
        if method == "HEAD", answer.status == 400 { return .newCredentials }
        return nil
    }

    /// It becomes part of a host's name.
    private static func isRegion(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 40
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
            }
    }
}
