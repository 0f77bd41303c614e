import CloudAPI

/// What S3 and Aliyun OSS call differently. Everything else they have in common.
package enum StoreDialect: Sendable {
    case s3
    case oss

    /// `x-amz-` or `x-oss-`.
    var headerPrefix: String { self == .s3 ? "x-amz-" : "x-oss-" }
    var metadataPrefix: String { headerPrefix + "meta-" }
    var scheme: String { self == .s3 ? "s3" : "oss" }
    /// What asks for an object that is not there yet, on PUT and at the end of an upload.
    var ifAbsent: (name: String, value: String) {
        self == .s3 ? ("If-None-Match", "*") : ("x-oss-forbid-overwrite", "true")
    }
    /// Whether a condition on the ETag may stand at a PUT.
    var hasIfMatch: Bool { self == .s3 }
    /// Whether a checksum may travel in a header of its own: `x-amz-checksum-crc32c`.
    var hasChecksumHeader: Bool { self == .s3 }
    /// Whether the ETag of parts is the MD5 of theirs, as long as nothing encrypts them with a key.
    var hasComposedETag: Bool { self == .s3 }

    func signer(region: String, hostBucket: String?) -> any RequestSigner {
        switch self {
        case .s3: SigV4Signer(region: region, service: "s3")
        case .oss: OSS4Signer(region: region, hostBucket: hostBucket)
        }
    }

    func endpoint(region: String) -> String {
        switch self {
        case .s3: "https://s3.\(region).\(region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com")"
        case .oss: "https://oss-\(region).aliyuncs.com"
        }
    }
}
