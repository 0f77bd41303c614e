package import Base
import CloudAPI
import Resilience

extension BucketStore {
    package func putObject(
        _ key: String, _ content: [UInt8], _ attributes: ObjectAttributes
    ) async throws(ApusError) -> ObjectReceipt {
        try await putObject(key, content, sha256: nil, attributes)
    }

    package func putObject(
        _ key: String, _ content: [UInt8], sha256: [UInt8]?, _ attributes: ObjectAttributes
    ) async throws(ApusError) -> ObjectReceipt {
        let fullKey = try fullKey(key)
        let checksum = headers.checksum(content)
        let answer = try await conditionally(
            Request(
                method: "PUT", key: fullKey, headers: headers.object(attributes, now: now) + checksum.fields,
                body: content, sha256: sha256, crc32c: checksum.crc32c),
            key, attributes)
        return ObjectReceipt(
            eTag: BucketStore.eTag(answer.header("ETag")),
            versionID: answer.header(options.dialect.headerPrefix + "version-id"))
    }

    package func head(_ key: String) async throws(ApusError) -> ObjectInfo? {
        let request = Request(method: "HEAD", key: try fullKey(key), headers: headers.customerKey())
        let answer: IncomingResponse
        do throws(StoreFailure) { answer = try await send(request) } catch {
            if error.error.code == "object-missing" { return nil }
            throw named(error, key)
        }
        guard let size = answer.header("Content-Length").flatMap({ Int64($0) }), size >= 0 else {
            throw ApusError(code: "store-failed", "the store does not tell the size of \(key)")
        }
        var metadata: [String: String] = [:]
        for (name, value) in answer.headers where name.lowercased().hasPrefix(options.dialect.metadataPrefix) {
            metadata[String(name.lowercased().dropFirst(options.dialect.metadataPrefix.utf8.count))] = value
        }
        return ObjectInfo(
            key: key, size: size, eTag: BucketStore.eTag(answer.header("ETag")),
            lastModified: answer.header("Last-Modified").flatMap { HTTPDate.parse($0[...].utf8) }, metadata: metadata)
    }

    package func read(_ key: String, range: Range<Int64>?) async throws(ApusError) -> [UInt8] {
        var request = Request(method: "GET", key: try fullKey(key), headers: headers.customerKey())
        if let range {
            guard range.count <= limits.maximumReadBytes else {
                throw ApusError(
                    code: "object-too-large", "more than \(limits.maximumReadBytes) bytes of \(key) at a time")
            }
            // HTTP has no way to ask for nothing.
            let last = max(range.lowerBound, range.upperBound - 1)
            request.headers.append((name: "Range", value: "bytes=\(range.lowerBound)-\(last)"))
        } else if options.dialect.hasChecksumHeader, options.checksum == .crc32c {
            request.headers.append((name: "x-amz-checksum-mode", value: "ENABLED"))
        }
        let answer: IncomingResponse
        do throws(StoreFailure) { answer = try await send(request) } catch {
            // The object is there and ends before the range.
            if error.error.code == "range-missing" { return [] }
            throw named(error, key)
        }
        if let range, range.isEmpty { return [] }
        guard let range, answer.status != 206 else { return answer.body }
        // The whole object in place of a range.
        let found = range.clamped(to: 0..<Int64(answer.body.count))
        return Array(answer.body[Int(found.lowerBound)..<Int(found.upperBound)])
    }

    package func delete(_ key: String) async throws(ApusError) {
        do throws(StoreFailure) { _ = try await send(Request(method: "DELETE", key: try checked(key))) } catch {
            if error.error.code != "object-missing" { throw named(error, key) }
        }
    }
}

extension BucketStore {
    private func checked(_ key: String) throws(StoreFailure) -> String {
        do throws(ApusError) { return try fullKey(key) } catch { throw StoreFailure(error: error) }
    }

    /// As `send`, with the object's key in the error.
    func answer(_ request: Request, _ key: String) async throws(ApusError) -> IncomingResponse {
        do throws(StoreFailure) { return try await send(request) } catch { throw named(error, key) }
    }

    func named(_ failure: StoreFailure, _ key: String) -> ApusError {
        let error = failure.error
        return ApusError(
            code: error.code, "\(key): \(error.message)", kind: error.kind, canRetry: error.canRetry, cause: error.cause
        )
    }

    /// Sends under the attributes' condition. Where the store has none on the ETag (OSS, Swift), the ETag is looked at
    /// before, which leaves a moment between.
    private func conditionally(
        _ request: Request, _ key: String, _ attributes: ObjectAttributes
    ) async throws(ApusError) -> IncomingResponse {
        if let wanted = attributes.ifMatch, !options.dialect.hasIfMatch {
            try await checkETag(key, wanted)
            return try await answer(request, key)
        }
        var conditional = request
        conditional.headers += headers.conditions(attributes)
        do throws(StoreFailure) { return try await send(conditional) } catch {
            guard error.word == "NotImplemented", let wanted = attributes.ifMatch else { throw named(error, key) }
            try await checkETag(key, wanted)
            return try await answer(request, key)
        }
    }

    func checkETag(_ key: String, _ wanted: String) async throws(ApusError) {
        guard try await head(key)?.eTag == wanted else {
            throw ApusError(code: "object-exists", "\(key): the object is another one")
        }
    }

    static func eTag(_ field: String?) -> String {
        guard let field, field.utf8.count >= 2, field.hasPrefix("\""), field.hasSuffix("\"") else { return field ?? "" }
        return String(field.dropFirst().dropLast())
    }
}
