package import Base

/// Aliyun OSS Signature Version 4 by header fields ("Include a V4 signature in the Authorization header").
///
/// Signed are `x-oss-*`, `content-type` and `content-md5` where they are there; any other field only where it is named
/// as additional, which here is `host`, so that a signature cannot be taken to another endpoint. The payload is never
/// hashed.
package struct OSS4Signer: RequestSigner {
    package let region: String
    /// Set where the bucket is part of the host: its name then stands in the canonical URI and not in the path.
    package let hostBucket: String?

    package init(region: String, hostBucket: String?) {
        self.region = region
        self.hostBucket = hostBucket
    }

    package func sign(
        _ request: inout OutgoingRequest, credentials: CloudCredentials, payloadHash: String?, now: WallInstant
    ) {
        let date = SigningDate(now)
        let url = SignedURL(request.url)
        request.headers.removeAll {
            ["authorization", "x-oss-date", "x-oss-security-token", "x-oss-content-sha256"].contains(
                $0.name.lowercased())
        }
        request.headers.append((name: "x-oss-date", value: date.timestamp))
        request.headers.append((name: "x-oss-content-sha256", value: "UNSIGNED-PAYLOAD"))
        if let token = credentials.sessionToken {
            request.headers.append((name: "x-oss-security-token", value: token.reveal()))
        }

        let path = (hostBucket.map { "/\($0)" } ?? "") + url.path
        let query = url.query.map { $0.value.isEmpty ? "\($0.name)" : "\($0.name)=\($0.value)" }
        let canonical = [
            request.method, path, query.joined(separator: "&"), canonicalHeaders(request.headers, host: url.host),
            "host",
            "UNSIGNED-PAYLOAD",
        ].joined(separator: "\n")
        let scope = "\(date.day)/\(region)/oss/aliyun_v4_request"
        let toSign = "OSS4-HMAC-SHA256\n\(date.timestamp)\n\(scope)\n\(SigningDigest.sha256(Array(canonical.utf8)))"
        let key = SigningDigest.key(
            "aliyun_v4" + credentials.secretAccessKey.reveal(), [date.day, region, "oss", "aliyun_v4_request"])
        let signature = Hex.encode(SigningDigest.mac(key, toSign))
        let value =
            "OSS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope),AdditionalHeaders=host,"
            + "Signature=\(signature)"
        request.headers.append((name: "Authorization", value: value))
    }

    private func canonicalHeaders(_ headers: [(name: String, value: String)], host: String) -> String {
        var fields = headers.map { (name: $0.name.lowercased(), value: $0.value) }.filter { field in
            field.name.hasPrefix("x-oss-") || field.name == "content-type" || field.name == "content-md5"
        }
        fields.append((name: "host", value: host))
        return fields.sorted { $0.name < $1.name }.map { "\($0.name):\($0.value.trimmedForSigning)\n" }.joined()
    }
}
