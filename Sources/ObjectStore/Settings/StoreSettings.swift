package import Base
package import Resilience
package import Settings

/// `upload:` of a rule: where objects are kept and how they are written.
package struct StoreSettings: SettingsGroup {
    package var target = StoreTarget.folder("/var/lib/apus/archive/")
    package var region: String?
    package var endpoint: HTTPURL?
    package var pathStyle: Bool?
    package var credentials = StoreCredentialSettings()
    package var storageClass: String?
    package var tags = OrderedMap<String>()
    package var serverSideEncryption: StoreEncryptionSettings?
    package var objectLock: StoreLockSettings?
    package var partSize = ByteCount.mebibytes(5)
    package var checksum: BucketOptions.Checksum?
    /// The group's own defaults, so that they are the same whether a rule says some of its keys or none.
    package var retry = RetrySettings()
    package var timeout = Duration.seconds(120)
    package var caFile: String?

    package init() {}

    package static var fields: [SettingsField<Self>] { place + object + sending }

    private static var place: [SettingsField<Self>] {
        [
            SettingsField(
                "target", \.target, .storeTarget, "The bucket with a prefix of all keys, or a folder.", required: true),
            SettingsField(
                "region", \.region, .nonEmptyString,
                "The bucket's region; absent: AWS_REGION, AWS_DEFAULT_REGION or the profile's."),
            SettingsField("endpoint", \.endpoint, .url, "Another server than the cloud's own, https://host:port."),
            SettingsField(
                "pathStyle", \.pathStyle, .bool,
                "Whether the bucket stands in the path; absent: so with an endpoint of S3, else in the host."),
            SettingsField(
                "credentials", \.credentials, .group(),
                "Who asks; absent: environment, web identity, profile, container, instance metadata."),
        ]
    }

    private static var object: [SettingsField<Self>] {
        [
            SettingsField(
                "storageClass", \.storageClass, .nonEmptyString,
                "STANDARD_IA, GLACIER_IR and so on, as the store names it."),
            SettingsField("tags", \.tags, .map(of: .string, count: 0...10), "Tags of each object."),
            SettingsField(
                "serverSideEncryption", \.serverSideEncryption, .group(), "Encryption by the store, beside our own."),
            SettingsField(
                "objectLock", \.objectLock, .group(), "For how long nobody may change or delete an object (S3)."),
        ]
    }

    private static var sending: [SettingsField<Self>] {
        [
            SettingsField(
                "partSize", \.partSize, .byteCount(in: .mebibytes(5) ... .gibibytes(1)),
                "Bytes of one part of a large object; those on their way and one more are in memory."),
            SettingsField(
                "checksum", \.checksum, .choice(),
                "What travels with each body: crc32c (S3's default), md5 (OSS's), or none beyond the signed SHA-256."),
            SettingsField("retry", \.retry, .group(), "When a request fails in a way that may pass."),
            SettingsField(
                "timeout", \.timeout, .duration(in: .seconds(1) ... .seconds(3600)),
                "Bounds one request, from connecting to the end of the answer."),
            SettingsField(
                "caFile", \.caFile, .path, "Certificates in PEM that are trusted beside those of the system."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        switch target {
        case .folder: checkFolder(&complaints)
        case .oss: checkOSS(&complaints)
        case .s3: break
        }
        if endpoint.map({ $0.target != "/" || $0.hasUserInformation }) == true {
            complaints.error(at: \Self.endpoint, "has neither a path nor a user")
        }
        for (name, value) in tags where name.isEmpty || name.utf8.count > 128 || value.utf8.count > 256 {
            complaints.error(at: \Self.tags, "a tag's name has 1 to 128 bytes and its value at most 256")
        }
    }

    private func checkFolder(_ complaints: inout SettingsChecker) {
        let defaults = StoreSettings()
        func unlike(_ isSet: Bool, _ field: PartialKeyPath<Self>) {
            if isSet { complaints.error(at: field, "means nothing for a folder") }
        }
        unlike(region != nil, \Self.region)
        unlike(endpoint != nil, \Self.endpoint)
        unlike(pathStyle != nil, \Self.pathStyle)
        unlike(credentials != defaults.credentials, \Self.credentials)
        unlike(storageClass != nil, \Self.storageClass)
        unlike(!tags.isEmpty, \Self.tags)
        unlike(serverSideEncryption != nil, \Self.serverSideEncryption)
        unlike(objectLock != nil, \Self.objectLock)
        unlike(caFile != nil, \Self.caFile)
    }

    private func checkOSS(_ complaints: inout SettingsChecker) {
        if objectLock != nil { complaints.error(at: \Self.objectLock, "is S3's: OSS locks whole buckets") }
        if serverSideEncryption?.method == .customer {
            complaints.error(at: \Self.serverSideEncryption, "OSS takes no keys of customers: use s3 or kms")
        }
        if checksum == .crc32c { complaints.error(at: \Self.checksum, "OSS takes md5 or none") }
        if credentials.profile != nil || credentials.roleArn != nil {
            complaints.error(at: \Self.credentials, "profile and roleArn are AWS's")
        }
    }
}
