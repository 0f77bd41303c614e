package import Base

/// AWS Signature Version 4 by header fields (General Reference, "Create a signed AWS API request").
///
/// S3 differs from the other services: its path is signed as it goes out, not encoded once more nor cleaned of dots,
/// and the payload's hash travels as `x-amz-content-sha256`. Signed are all header fields of the request but those that
/// proxies and clients change.
package struct SigV4Signer: RequestSigner {
    package let region: String
    package let service: String

    private static let unsigned: Set<String> = [
        "authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id",
    ]
    private var isS3: Bool { service == "s3" }

    /// - Parameter service: `s3`, `kms`, `sts`: as the credential scope has it.
    package init(region: String, service: String) {
        self.region = region
        self.service = service
    }

    package func sign(
        _ request: inout OutgoingRequest, credentials: CloudCredentials, payloadHash: String?, now: WallInstant
    ) {
        let date = SigningDate(now)
        let url = SignedURL(request.url)
        let hash = payloadHash ?? SigningDigest.sha256(request.body)
        request.headers.removeAll {
            ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"].contains(
                $0.name.lowercased())
        }
        request.headers.append((name: "x-amz-date", value: date.timestamp))
        if let token = credentials.sessionToken {
            request.headers.append((name: "x-amz-security-token", value: token.reveal()))
        }
        if isS3 { request.headers.append((name: "x-amz-content-sha256", value: hash)) }

        let (names, fields) = canonicalHeaders(request.headers, host: url.host)
        let scope = "\(date.day)/\(region)/\(service)/aws4_request"
        let canonical = [
            request.method, canonicalPath(url.path), url.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&"),
            fields, names, hash,
        ].joined(separator: "\n")
        let toSign = "AWS4-HMAC-SHA256\n\(date.timestamp)\n\(scope)\n\(SigningDigest.sha256(Array(canonical.utf8)))"
        let key = SigningDigest.key(
            "AWS4" + credentials.secretAccessKey.reveal(), [date.day, region, service, "aws4_request"])
        let signature = Hex.encode(SigningDigest.mac(key, toSign))
        let value =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(names), "
            + "Signature=\(signature)"
        request.headers.append((name: "Authorization", value: value))
    }

    /// The signed names, and a line of each with its values in the order of the request.
    private func canonicalHeaders(
        _ headers: [(name: String, value: String)], host: String
    ) -> (names: String, fields: String) {
        var values: [String: [String]] = [:]
        for (name, value) in headers where !SigV4Signer.unsigned.contains(name.lowercased()) {
            values[name.lowercased(), default: []].append(value.trimmedForSigning)
        }
        if values["host"] == nil { values["host"] = [host] }
        let sorted = values.sorted { $0.key < $1.key }
        let fields = sorted.map { "\($0.key):\($0.value.joined(separator: ","))\n" }.joined()
        return (sorted.map(\.key).joined(separator: ";"), fields)
    }

    private func canonicalPath(_ path: String) -> String {
        if isS3 { return path }
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        let ending = path.hasSuffix("/") && !parts.isEmpty ? "/" : ""
        return PercentEncoding.encode("/" + parts.joined(separator: "/") + ending, keepingSlash: true)
    }
}
