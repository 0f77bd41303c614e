package import Base
package import Resilience

/// Which bucket, where, and what its objects are written with.
package struct BucketOptions: Sendable {
    package enum Checksum: String, Sendable, CaseIterable {
        /// CRC-32C in a header of its own (S3).
        case crc32c
        /// `Content-MD5`.
        case md5
        /// Only the SHA-256 that S3's signature covers.
        case none
    }

    package enum Encryption: Sendable, Equatable {
        /// With keys of the store.
        case store
        /// With a key of the cloud's KMS; nil for its default key.
        case kms(keyID: String?)
        /// With 32 bytes, here in base64, that travel with each request and are not kept there.
        case customer(Secret)
    }

    package struct Lock: Sendable, Equatable {
        package enum Mode: String, Sendable, CaseIterable { case governance, compliance }

        package var mode: Mode
        package var retain: Duration

        package init(mode: Mode, retain: Duration) {
            self.mode = mode
            self.retain = retain
        }
    }

    package var dialect: StoreDialect
    package var bucket: String
    /// Before every key: empty, or ending in `/`.
    package var prefix = ""
    package var region: String
    /// `https://host:port`; nil for the cloud's own.
    package var endpoint: String?
    /// Whether the bucket stands in the path. Nil: in the host with the cloud's own endpoint and with OSS, in the path
    /// with other endpoints and for names with a dot, which no certificate of the cloud covers.
    package var pathStyle: Bool?
    package var storageClass: String?
    package var tags: [(name: String, value: String)] = []
    package var encryption: Encryption?
    package var lock: Lock?
    package var checksum: Checksum
    package var retry = RetryPolicy(maxAttempts: 6, initialBackoff: .milliseconds(200), maxBackoff: .seconds(20))
    /// Of one request, from connecting to the end of the answer.
    package var timeout = Duration.seconds(120)

    package init(dialect: StoreDialect, bucket: String, region: String) {
        self.dialect = dialect
        self.bucket = bucket
        self.region = region
        checksum = dialect == .s3 ? .crc32c : .md5
    }

    var usesPathStyle: Bool {
        if let pathStyle { return pathStyle }
        return bucket.utf8.contains(UInt8(ascii: ".")) || dialect == .s3 && endpoint != nil
    }
}
