import Base
import CloudAPI
import Crypto

/// The header fields that the options of a bucket ask for.
struct BucketHeaders: Sendable {
    typealias Field = (name: String, value: String)

    let options: BucketOptions

    private var dialect: StoreDialect { options.dialect }

    /// Of a PUT, or of the begin of an upload: what the object will be.
    func object(_ attributes: ObjectAttributes, now: WallInstant) -> [Field] {
        var fields: [Field] = [("Content-Type", attributes.contentType)]
        fields += attributes.metadata.map { (dialect.metadataPrefix + $0.name, $0.value) }
        if let storageClass = options.storageClass {
            fields.append((dialect.headerPrefix + "storage-class", storageClass))
        }
        if !options.tags.isEmpty {
            let pairs = options.tags.map { (name: $0.name, value: Optional($0.value)) }
            fields.append((dialect.headerPrefix + "tagging", PercentEncoding.query(pairs)))
        }
        if let lock = options.lock {
            let until = "\(now.advanced(by: lock.retain).rfc3339.prefix(19))Z"
            fields.append((dialect.headerPrefix + "object-lock-mode", lock.mode.rawValue.uppercased()))
            fields.append((dialect.headerPrefix + "object-lock-retain-until-date", until))
        }
        return fields + encryption()
    }

    /// - Throws: nothing; a condition that the dialect does not have is the store's to check before.
    func conditions(_ attributes: ObjectAttributes) -> [Field] {
        if attributes.ifAbsent { return [dialect.ifAbsent] }
        if let eTag = attributes.ifMatch, dialect.hasIfMatch { return [("If-Match", "\"\(eTag)\"")] }
        return []
    }

    /// Of bodies: what tells the store that they came whole. With an object lock, stores want the MD5, too (S3,
    /// PutObject, "Content-MD5").
    func checksum(_ content: [UInt8]) -> (fields: [Field], crc32c: String?) {
        let hasCRC = options.checksum == .crc32c && dialect.hasChecksumHeader
        var fields: [Field] = []
        if options.checksum != .none && !hasCRC || options.lock != nil {
            fields.append(("Content-MD5", Base64Text.encode(Array(Insecure.MD5.hash(data: content)))))
        }
        guard hasCRC else { return (fields, nil) }
        let crc = Base64Text.encode(CRC32C.of(content).bytes)
        return (fields + [("x-amz-checksum-crc32c", crc)], crc)
    }

    /// Of the begin of an upload: the checksums that its parts will come with.
    var checksumAlgorithm: [Field] {
        options.checksum == .crc32c && dialect.hasChecksumHeader ? [("x-amz-checksum-algorithm", "CRC32C")] : []
    }

    private func encryption() -> [Field] {
        let name = dialect.headerPrefix + "server-side-encryption"
        switch options.encryption {
        case .store: return [(name, "AES256")]
        case .kms(let keyID):
            let method = dialect == .s3 ? "aws:kms" : "KMS"
            let keyName = dialect == .s3 ? name + "-aws-kms-key-id" : name + "-key-id"
            return [(name, method)] + (keyID.map { [(keyName, $0)] } ?? [])
        case .customer: return customerKey()
        case nil: return []
        }
    }

    /// Of every request that touches the bytes of an object with a customer's key; `copySource` for the object copied
    /// from.
    func customerKey(copySource: Bool = false) -> [Field] {
        guard case .customer(let key) = options.encryption else { return [] }
        let prefix = dialect.headerPrefix + (copySource ? "copy-source-" : "") + "server-side-encryption-customer-"
        let raw = Base64Text.decode(key.reveal()) ?? []
        return [
            (prefix + "algorithm", "AES256"), (prefix + "key", Base64Text.encode(raw)),
            (prefix + "key-MD5", Base64Text.encode(Array(Insecure.MD5.hash(data: raw)))),
        ]
    }
}
