package import Base

/// Where sealed files are kept: S3, Aliyun OSS or a local folder, behind one contract (`Tests/ObjectStoreTests` holds the
/// suite that every one of them passes).
///
/// What always holds:
/// - Keys are UTF-8, relative to the store's own prefix, without a leading `/`, `.` or `..` as a part.
/// - A method either did all that it says or threw. After a throw with `canRetry` the effect is *unknown*: an object may be
///   there. `putObject` and `completeUpload` are therefore idempotent with `ifAbsent`: `object-exists` says that the key is
///   taken, and whoever asks compares checksum and size by `head`.
/// - Retries, backoff, time-outs, credentials that expire, clock skew and redirects to another region are the store's
///   business; what it throws has been tried as often as its policy says.
/// - Error codes: `object-exists`, `object-missing`, `upload-missing`, `store-unreachable` (canRetry), `store-busy`
///   (canRetry), `store-denied`, `credentials-missing`, `checksum-mismatch`, `store-full` (canRetry), `store-failed`.
package protocol ObjectStore: Sendable {
    /// `s3://bucket/prefix/`, without credentials.
    var name: String { get }
    var limits: ObjectStoreLimits { get }

    /// Stores a whole object in one request.
    func putObject(_ key: String, _ content: [UInt8], _ attributes: ObjectAttributes) async throws(ApusError)
        -> ObjectReceipt

    /// The same for whoever has the content's SHA-256 already: a store that sends one need not take it again.
    func putObject(
        _ key: String, _ content: [UInt8], sha256: [UInt8]?, _ attributes: ObjectAttributes
    ) async throws(ApusError) -> ObjectReceipt

    /// Begins an object that comes in parts.
    func beginUpload(_ key: String, _ attributes: ObjectAttributes) async throws(ApusError) -> UploadID
    /// Stores one part. The same number again replaces it.
    ///
    /// - Parameter number: 1 and upward. Every part but the last has at least `limits.minimumPartBytes`.
    func uploadPart(_ upload: UploadID, _ number: Int, _ content: [UInt8]) async throws(ApusError) -> PartReceipt
    /// The same for whoever has the content's SHA-256 already.
    func uploadPart(
        _ upload: UploadID, _ number: Int, _ content: [UInt8], sha256: [UInt8]?
    ) async throws(ApusError) -> PartReceipt
    /// Takes a range of another object of this store as a part, without a way through this host.
    func copyPart(_ upload: UploadID, _ number: Int, from key: String, range: Range<Int64>) async throws(ApusError)
        -> PartReceipt
    /// Makes the object of the parts. `attributes.ifAbsent` holds here.
    func completeUpload(_ upload: UploadID, _ parts: [PartReceipt], _ attributes: ObjectAttributes)
        async throws(ApusError) -> ObjectReceipt
    /// Gives the parts up. One that is not there any more is no error.
    func abortUpload(_ upload: UploadID) async throws(ApusError)
    /// Uploads under `prefix` that were begun and neither completed nor aborted, at most 1,000.
    func unfinishedUploads(_ prefix: String) async throws(ApusError) -> [UploadID]

    /// Nil where there is no such object.
    func head(_ key: String) async throws(ApusError) -> ObjectInfo?
    /// The bytes of `range`, or the whole object; fewer where the object ends before.
    ///
    /// - Throws: `object-missing`; `object-too-large` for more than `limits.maximumReadBytes` at a time.
    func read(_ key: String, range: Range<Int64>?) async throws(ApusError) -> [UInt8]
    /// Keys in order of their bytes, from the first after `after`.
    func list(_ prefix: String, after: String?, limit: Int) async throws(ApusError) -> ObjectPage
    /// One that is not there is no error.
    func delete(_ key: String) async throws(ApusError)
}

extension ObjectStore {
    package func putObject(
        _ key: String, _ content: [UInt8], sha256: [UInt8]?, _ attributes: ObjectAttributes
    ) async throws(ApusError) -> ObjectReceipt {
        try await putObject(key, content, attributes)
    }

    package func uploadPart(
        _ upload: UploadID, _ number: Int, _ content: [UInt8], sha256: [UInt8]?
    ) async throws(ApusError) -> PartReceipt {
        try await uploadPart(upload, number, content)
    }
}

package struct ObjectStoreLimits: Sendable, Equatable {
    /// 5 MiB with S3; 1 for a folder.
    package var minimumPartBytes: Int
    package var maximumParts: Int
    /// The most that one `read` gives.
    package var maximumReadBytes: Int

    package init(minimumPartBytes: Int = 5 << 20, maximumParts: Int = 10_000, maximumReadBytes: Int = 16 << 20) {
        self.minimumPartBytes = minimumPartBytes
        self.maximumParts = maximumParts
        self.maximumReadBytes = maximumReadBytes
    }
}

/// What an object is written with.
package struct ObjectAttributes: Sendable, Equatable {
    package var contentType: String
    /// User metadata: names in lower case (`apus-sha256`), values in ASCII.
    package var metadata: [(name: String, value: String)]
    /// Refuse with `object-exists` when the key is taken.
    package var ifAbsent: Bool
    /// Replace only the object with this ETag; otherwise `object-exists`.
    package var ifMatch: String?

    package init(
        contentType: String = "application/octet-stream", metadata: [(name: String, value: String)] = [],
        ifAbsent: Bool = false, ifMatch: String? = nil
    ) {
        self.contentType = contentType
        self.metadata = metadata
        self.ifAbsent = ifAbsent
        self.ifMatch = ifMatch
    }

    package static func == (left: ObjectAttributes, right: ObjectAttributes) -> Bool {
        left.contentType == right.contentType && left.ifAbsent == right.ifAbsent && left.ifMatch == right.ifMatch
            && left.metadata.elementsEqual(right.metadata) { $0 == $1 }
    }
}

/// An upload in parts that is under way: what must be kept to go on with it after a restart.
package struct UploadID: Sendable, Hashable {
    package let key: String
    package let id: String

    package init(key: String, id: String) {
        self.key = key
        self.id = id
    }
}

package struct PartReceipt: Sendable, Hashable {
    package let number: Int
    package let eTag: String
    /// CRC-32C of the part, base64 of the four bytes, big end first, where the store keeps one.
    package let crc32c: String?

    package init(number: Int, eTag: String, crc32c: String? = nil) {
        self.number = number
        self.eTag = eTag
        self.crc32c = crc32c
    }
}

package struct ObjectReceipt: Sendable, Equatable {
    package let eTag: String
    package let versionID: String?

    package init(eTag: String, versionID: String? = nil) {
        self.eTag = eTag
        self.versionID = versionID
    }
}

package struct ObjectInfo: Sendable {
    package let key: String
    package let size: Int64
    package let eTag: String
    package let lastModified: WallInstant?
    /// User metadata, names in lower case; empty in a listing.
    package let metadata: [String: String]

    package init(
        key: String, size: Int64, eTag: String, lastModified: WallInstant? = nil, metadata: [String: String] = [:]
    ) {
        self.key = key
        self.size = size
        self.eTag = eTag
        self.lastModified = lastModified
        self.metadata = metadata
    }
}

package struct ObjectPage: Sendable {
    package let objects: [ObjectInfo]
    /// Whether there are keys after the last of `objects`.
    package let isCut: Bool

    package init(objects: [ObjectInfo], isCut: Bool) {
        self.objects = objects
        self.isCut = isCut
    }
}
