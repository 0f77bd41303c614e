package import Base
import CloudAPI

extension BucketStore {
    /// Keys that others have put there and that no key of ours can be are left out.
    package func list(_ prefix: String, after: String?, limit: Int) async throws(ApusError) -> ObjectPage {
        var start = after.map { options.prefix + $0 }
        while true {
            let root = try await page(prefix, start, limit)
            let objects = root.children.compactMap { object($0) }
            let isCut = root.value("IsTruncated") == "true"
            let last = root.children.last { $0.name == "Contents" }?.value("Key").flatMap(BucketStore.decoded)
            // A page of foreign keys alone: whoever asks would not know where to go on. Each turn goes on in the
            // bucket.
            guard isCut, objects.isEmpty, let last, last != start else {
                return ObjectPage(objects: objects, isCut: isCut)
            }
            start = last
        }
    }

    private func page(_ prefix: String, _ start: String?, _ limit: Int) async throws(ApusError) -> XMLElement {
        var query: [(name: String, value: String?)] = [
            ("list-type", "2"), ("encoding-type", "url"), ("max-keys", "\(min(max(limit, 1), 1000))"),
            ("prefix", options.prefix + prefix),
        ]
        if let start { query.append(("start-after", start)) }
        return try await listing(query, "ListBucketResult")
    }

    private func object(_ contents: XMLElement) -> ObjectInfo? {
        guard contents.name == "Contents", let key = key(contents.value("Key")),
            let size = contents.value("Size").flatMap({ Int64($0) })
        else { return nil }
        return ObjectInfo(
            key: key, size: size, eTag: BucketStore.eTag(contents.value("ETag")),
            lastModified: contents.value("LastModified").flatMap(CloudTimestamp.parse))
    }

    package func unfinishedUploads(_ prefix: String) async throws(ApusError) -> [UploadID] {
        let root = try await listing(
            [
                ("uploads", nil), ("encoding-type", "url"), ("max-uploads", "1000"),
                ("prefix", options.prefix + prefix),
            ], "ListMultipartUploadsResult")
        return root.children.filter { $0.name == "Upload" }.compactMap { upload in
            guard let key = key(upload.value("Key")), let id = upload.value("UploadId") else { return nil }
            return UploadID(key: key, id: id)
        }
    }

    private func listing(
        _ query: [(name: String, value: String?)], _ name: String
    ) async throws(ApusError) -> XMLElement {
        let answer = try await answer(Request(method: "GET", query: query), self.name)
        let root: XMLElement
        do throws(ApusError) {
            root = try XMLElement.parse(answer.body)
        } catch {
            throw ApusError(
                code: "store-failed", BucketStore.noListing(query, name, answer.status, "no XML"), cause: error)
        }
        guard root.name == name else {
            throw ApusError(code: "store-failed", BucketStore.noListing(query, name, answer.status, "<\(root.name)>"))
        }
        return root
    }

    /// Which call, and what came: an endpoint that is no store, or one that cannot do it.
    private static func noListing(
        _ query: [(name: String, value: String?)], _ name: String, _ status: Int, _ found: String
    ) -> String {
        let call = query.first { $0.name == "uploads" } != nil ? "ListMultipartUploads" : "ListObjectsV2"
        let prefix = query.first { $0.name == "prefix" }?.value ?? ""
        return "\(call) of \(prefix.isEmpty ? "the bucket" : prefix): status \(status) with \(found), not <\(name)>"
    }

    /// A listed key without the prefix; nil for one outside of it, and for one that no key of ours can be.
    private func key(_ encoded: String?) -> String? {
        guard let key = encoded.flatMap(BucketStore.decoded), key.utf8.starts(with: options.prefix.utf8) else {
            return nil
        }
        let rest = String(decoding: key.utf8.dropFirst(options.prefix.utf8.count), as: UTF8.self)
        return (try? ObjectKey.check(rest)) == nil ? nil : rest
    }

    /// Stores write a space as `+` or `%20`.
    private static func decoded(_ key: String) -> String? { PercentEncoding.decode(key.replacing("+", with: "%20")) }
}
