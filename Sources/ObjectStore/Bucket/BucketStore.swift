package import Base
package import CloudAPI
import Synchronization

/// A bucket of S3, of a store that speaks S3's language, or of Aliyun OSS.
///
/// What always holds:
/// - Each request is signed anew at each try, with credentials of that moment and with the clock corrected by what the
///   store has told of its own.
/// - A body is sent whole with its SHA-256 (S3) and a checksum; an answer that is cut or shorter than it says is a
///   failed try. No trailers and no chunked signatures, which OSS and others refuse.
/// - What the store has taught (its region, its time) is kept for all later requests.
package final class BucketStore: ObjectStore {
    package let name: String
    package let limits: ObjectStoreLimits

    let options: BucketOptions
    let headers: BucketHeaders
    let time: any TimeSource
    let credentials: CredentialChain
    let http: any HTTPSender
    let lessons: Mutex<Lessons>

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
        /// The body's SHA-256, where it is known already.
        var sha256: [UInt8]?
        /// The body's CRC-32C in base64, which the store tells again where it has computed it.
        var crc32c: String?
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
}
