package import Base
import CloudAPI
import Resilience
import Settings

/// Makes the store that settings describe.
package enum StoreFactory {
    /// - Parameters:
    ///   - http: Reads answers of 16 MiB, and trusts `settings.caFile`:
    ///     `HTTPTransport(responseBodyLimit: StoreFactory.responseBodyLimit, authorityFile: …)`.
    ///   - environment: `ProcessEnvironment.current()`, for credentials and the region.
    /// - Throws: `region-missing`, `encryption-key-invalid`, or why profiles cannot be read. Credentials are looked for
    ///   later.
    package static func make(
        _ settings: StoreSettings, http: any HTTPSender, time: any TimeSource, environment: [String: String]
    ) throws(ApusError) -> any ObjectStore {
        switch settings.target {
        case .folder(let path):
            return FolderStore(root: path, time: time)
        case .s3(let bucket, let prefix):
            let credentials = settings.credentials
            let region = try RegionResolver.region(
                settings.region, profile: credentials.profile, environment: environment)
            // Servers of one's own rarely have regions; what they expect is this one.
            let endpoint =
                settings.endpoint?.reveal() ?? environment["AWS_ENDPOINT_URL_S3"] ?? environment["AWS_ENDPOINT_URL"]
            guard let region = region ?? (endpoint == nil ? nil : "us-east-1") else {
                throw missingRegion("AWS_REGION")
            }
            var options = try options(.s3, bucket, prefix, region, settings)
            options.endpoint = endpoint
            let wishes = CredentialChain.Wishes(
                fixed: credentials.fixed, profile: credentials.profile, roleARN: credentials.roleArn)
            let chain = CredentialChain.aws(wishes, region: region, environment: environment, http: http, time: time)
            return BucketStore(options, credentials: chain, http: http, time: time)
        case .oss(let bucket, let prefix):
            guard let region = settings.region ?? environment["OSS_REGION"] ?? environment["ALIBABA_CLOUD_REGION_ID"]
            else {
                throw missingRegion("OSS_REGION")
            }
            let options = try options(.oss, bucket, prefix, region, settings)
            let chain = CredentialChain.aliyun(
                settings.credentials.fixed, environment: environment, http: http, time: time)
            return BucketStore(options, credentials: chain, http: http, time: time)
        }
    }

    /// What an `HTTPSender` for stores reads of an answer: the largest read and a little.
    package static let responseBodyLimit = ObjectStoreLimits().maximumReadBytes + (64 << 10)

    private static func missingRegion(_ variable: String) -> ApusError {
        ApusError(
            code: "region-missing", "the bucket's region is not known: write `region`, or set \(variable)",
            kind: .declaration)
    }

    private static func options(
        _ dialect: StoreDialect, _ bucket: String, _ prefix: String, _ region: String, _ settings: StoreSettings
    ) throws(ApusError) -> BucketOptions {
        var options = BucketOptions(dialect: dialect, bucket: bucket, region: region)
        options.prefix = prefix
        options.endpoint = settings.endpoint?.reveal()
        options.pathStyle = settings.pathStyle
        options.storageClass = settings.storageClass
        options.tags = settings.tags.map { (name: $0.key, value: $0.value) }
        options.encryption = try encryption(settings.serverSideEncryption)
        options.lock = settings.objectLock.map { BucketOptions.Lock(mode: $0.mode, retain: $0.retain) }
        if let checksum = settings.checksum { options.checksum = checksum }
        options.retry = settings.retry.policy
        options.timeout = settings.timeout
        return options
    }

    private static func encryption(_ settings: StoreEncryptionSettings?) throws(ApusError) -> BucketOptions.Encryption?
    {
        switch settings?.method {
        case nil: return nil
        case .s3: return .store
        case .kms: return .kms(keyID: settings?.keyID)
        case .customer: return .customer(try customerKey(settings?.keyFile ?? ""))
        }
    }

    /// In base64, from a file of 32 bytes or one that holds them in base64.
    private static func customerKey(_ path: String) throws(ApusError) -> Secret {
        let content = try Files.read(path, limit: 4096)
        if content.count == 32 { return Secret(Base64Text.encode(content)) }
        let text = String(decoding: content.filter { $0 > 0x20 }, as: UTF8.self)
        guard let bytes = Base64Text.decode(text), bytes.count == 32 else {
            throw ApusError(
                code: "encryption-key-invalid", "\(path) holds neither 32 bytes nor those in base64", kind: .declaration
            )
        }
        return Secret(text)
    }
}

extension StoreCredentialSettings {
    var fixed: CloudCredentials? {
        guard let accessKeyID, let secretAccessKey else { return nil }
        return CloudCredentials(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken)
    }
}
