package import Base
import CloudAPI

extension BucketStore {
    package func list(_ prefix: String, after: String?, limit: Int) async throws(ApusError) -> ObjectPage {
        var query: [(name: String, value: String?)] = [
            ("list-type", "2"), ("encoding-type", "url"), ("max-keys", "\(min(max(limit, 1), 1000))"),
            ("prefix", options.prefix + prefix),
        ]
        if let after { query.append(("start-after", options.prefix + after)) }
        let root = try await listing(query, "ListBucketResult")
        var objects: [ObjectInfo] = []
        for child in root.children where child.name == "Contents" {
            guard let key = key(child.value("Key")), let size = child.value("Size").flatMap({ Int64($0) }) else {
                continue
            }
            objects.append(
                ObjectInfo(
                    key: key, size: size, eTag: BucketStore.eTag(child.value("ETag")),
                    lastModified: child.value("LastModified").flatMap(CloudTimestamp.parse)))
        }
        return ObjectPage(objects: objects, isCut: root.value("IsTruncated") == "true")
    }

    package func unfinishedUploads(_ prefix: String) async throws(ApusError) -> [UploadID] {
        let root = try await listing(
            [
                ("uploads", nil), ("encoding-type", "url"), ("max-uploads", "1000"), ("prefix", options.prefix + prefix),
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
        let root = try XMLElement.parse(answer.body)
        guard root.name == name else { throw ApusError(code: "store-failed", "the store's listing is none") }
        return root
    }

    /// A listed key without the prefix; nil for one outside of it. Stores write a space as `+` or `%20`.
    private func key(_ encoded: String?) -> String? {
        guard let encoded, let key = PercentEncoding.decode(encoded.replacing("+", with: "%20")) else { return nil }
        guard key.utf8.starts(with: options.prefix.utf8) else { return nil }
        return String(key.utf8.dropFirst(options.prefix.utf8.count))
    }
}
