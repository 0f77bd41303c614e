import CloudAPI

/// URLs of a bucket and its objects.
struct BucketAddress: Sendable {
    private let base: String
    private let bucket: String
    private let isPathStyle: Bool

    init(_ options: BucketOptions, region: String) {
        let endpoint = options.endpoint ?? options.dialect.endpoint(region: region)
        base = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        bucket = options.bucket
        isPathStyle = options.usesPathStyle
    }

    /// - Parameter key: With the store's prefix; nil for the bucket itself.
    func url(_ key: String?, _ query: [(name: String, value: String?)]) -> String {
        let path = "/" + (key.map { PercentEncoding.encode($0, keepingSlash: true) } ?? "")
        let query = query.isEmpty ? "" : "?" + PercentEncoding.query(query)
        if isPathStyle { return "\(base)/\(bucket)\(path)\(query)" }
        guard let scheme = base.firstRange(of: "://") else { return base + path + query }
        return "\(base[..<scheme.upperBound])\(bucket).\(base[scheme.upperBound...])\(path)\(query)"
    }

    /// For `…-copy-source`.
    func copySource(_ key: String) -> String { "/\(bucket)/" + PercentEncoding.encode(key, keepingSlash: true) }
}
