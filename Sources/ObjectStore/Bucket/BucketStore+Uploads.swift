package import Base
import CloudAPI

extension BucketStore {
    package func beginUpload(_ key: String, _ attributes: ObjectAttributes) async throws(ApusError) -> UploadID {
        let fullKey = try fullKey(key)
        var fields = headers.object(attributes, now: now) + headers.checksumAlgorithm
        // OSS refuses here already; S3 asks at the end.
        if options.dialect == .oss { fields += headers.conditions(attributes) }
        let answer = try await answer(
            Request(method: "POST", key: fullKey, query: [("uploads", nil)], headers: fields), key)
        guard let id = try XMLElement.parse(answer.body, limit: 1 << 20).value("UploadId"), !id.isEmpty else {
            throw ApusError(code: "store-failed", "\(key): the store gave an upload without a name")
        }
        return UploadID(key: key, id: id)
    }

    package func uploadPart(
        _ upload: UploadID, _ number: Int, _ content: [UInt8]
    ) async throws(ApusError) -> PartReceipt {
        try await uploadPart(upload, number, content, sha256: nil)
    }

    package func uploadPart(
        _ upload: UploadID, _ number: Int, _ content: [UInt8], sha256: [UInt8]?
    ) async throws(ApusError) -> PartReceipt {
        let checksum = headers.checksum(content)
        let answer = try await answer(
            Request(
                method: "PUT", key: try fullKey(upload.key), query: BucketStore.part(upload, number),
                headers: headers.customerKey() + checksum.fields, body: content, sha256: sha256, crc32c: checksum.crc32c
            ), upload.key)
        guard let eTag = answer.header("ETag") else {
            throw ApusError(code: "store-failed", "\(upload.key): the store gave a part without an ETag")
        }
        return PartReceipt(number: number, eTag: BucketStore.eTag(eTag), crc32c: checksum.crc32c)
    }

    package func copyPart(
        _ upload: UploadID, _ number: Int, from key: String, range: Range<Int64>
    ) async throws(ApusError) -> PartReceipt {
        let prefix = options.dialect.headerPrefix
        let source = address.copySource(try fullKey(key))
        let fields: [(name: String, value: String)] = [
            (prefix + "copy-source", source),
            (prefix + "copy-source-range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"),
        ]
        let answer = try await answer(
            Request(
                method: "PUT", key: try fullKey(upload.key), query: BucketStore.part(upload, number),
                headers: fields + headers.customerKey() + headers.customerKey(copySource: true)), upload.key)
        let result = try XMLElement.parse(answer.body, limit: 1 << 20)
        guard let eTag = result.value("ETag") else {
            throw ApusError(code: "store-failed", "\(upload.key): the store gave a part without an ETag")
        }
        return PartReceipt(number: number, eTag: BucketStore.eTag(eTag), crc32c: result.value("ChecksumCRC32C"))
    }

    package func completeUpload(
        _ upload: UploadID, _ parts: [PartReceipt], _ attributes: ObjectAttributes
    ) async throws(ApusError) -> ObjectReceipt {
        let parts = parts.sorted { $0.number < $1.number }
        if let wanted = attributes.ifMatch, !options.dialect.hasIfMatch { try await checkETag(upload.key, wanted) }
        let request = Request(
            method: "POST", key: try fullKey(upload.key), query: [("uploadId", upload.id)],
            headers: [(name: "Content-Type", value: "application/xml")] + headers.conditions(attributes)
                + headers.customerKey(),
            body: MultipartList.xml(parts, withChecksums: options.checksum == .crc32c && options.dialect == .s3))
        let answer: IncomingResponse
        do throws(StoreFailure) { answer = try await send(request) } catch {
            // The end may have come through, and only its answer was lost. OSS's ETag of parts does not tell.
            if error.word == "NoSuchUpload", let expected = MultipartList.eTag(parts),
                let info = try await head(upload.key), info.eTag == expected
            {
                return ObjectReceipt(eTag: expected)
            }
            throw named(error, upload.key)
        }
        let result = try XMLElement.parse(answer.body, limit: 1 << 20)
        guard let eTag = result.value("ETag").map({ BucketStore.eTag($0) }) else {
            throw ApusError(code: "store-failed", "\(upload.key): the store gave an object without an ETag")
        }
        try checkComposed(eTag, parts, upload.key)
        return ObjectReceipt(eTag: eTag, versionID: answer.header(options.dialect.headerPrefix + "version-id"))
    }

    package func abortUpload(_ upload: UploadID) async throws(ApusError) {
        let request = Request(method: "DELETE", key: try fullKey(upload.key), query: [("uploadId", upload.id)])
        do throws(StoreFailure) { _ = try await send(request) } catch {
            if error.error.code != "upload-missing", error.error.code != "object-missing" {
                throw named(error, upload.key)
            }
        }
    }

    private static func part(_ upload: UploadID, _ number: Int) -> [(name: String, value: String?)] {
        [("partNumber", "\(number)"), ("uploadId", upload.id)]
    }

    /// The ETag of parts is made of theirs: another one means other parts. Where a key encrypts, or the ETag has
    /// another form, it tells nothing.
    private func checkComposed(_ eTag: String, _ parts: [PartReceipt], _ key: String) throws(ApusError) {
        guard options.dialect.hasComposedETag, options.encryption == nil || options.encryption == .store,
            let expected = MultipartList.eTag(parts), MultipartList.isComposed(eTag), eTag != expected
        else { return }
        throw ApusError(code: "checksum-mismatch", "\(key): the object is not made of the parts that were sent")
    }
}
