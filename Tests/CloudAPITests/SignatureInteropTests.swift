import Base
import CloudAPI
import Glibc
import TestKit
import Testing

/// Random requests with odd characters, signed by us and again by botocore (S3 and others) and by Aliyun's own signer.
@Suite(.timeLimit(.minutes(2))) struct SignatureInteropTests {
    static let names = ["prefix", "uploads", "partNumber", "a b", "ü", "x+y", "~", "A", "a", "list-type"]
    static let texts = ["", "1", "a/b", "a b+c", "ü€", "100%", "=&?#", "~-_.", "'()*!", "\"<>\\^`{|}", "日本語"]

    @Test(arguments: ["s3", "aws", "oss"], [1, 2, 3] as [UInt64]) func signsAsOthersDo(kind: String, seed: UInt64)
        async throws
    {
        var generator = SeededGenerator(seed: seed)
        let folder = try TemporaryFolder()
        let lines = (0..<120).map { _ in signed(kind, &generator).text }
        let file = try folder.write("cases", lines.joined(separator: "\n") + "\n")
        let script = "\(ApusProgram.root())/Tests/peers/signatures/verify.py"
        let result = try await ChildProcess.run(CloudPeer.python, [script, file], folder: folder.path)
        #expect(result.code == 0, "seed \(seed): \(result.output.prefix(3000)) \(result.errors)")
    }

    private func signed(_ kind: String, _ generator: inout SeededGenerator) -> JSON {
        let key = Bool.random(using: &generator) ? pick(3, &generator).joined(separator: "/").trimmingSlashes : ""
        let query = (0..<Int.random(in: 0...4, using: &generator)).map { _ -> (name: String, value: String?) in
            let name = SignatureInteropTests.names.randomElement(using: &generator) ?? ""
            return (name, SignatureInteropTests.texts.randomElement(using: &generator))
        }
        var unique: [(name: String, value: String?)] = []
        for item in query where !unique.contains(where: { $0.name == item.name }) { unique.append(item) }
        let prefix = kind == "oss" ? "x-oss-" : "x-amz-"
        var headers = [(name: "Content-Type", value: "text/plain"), (name: "Accept", value: "*/*")]
        if Bool.random(using: &generator) {
            headers.append((prefix + "meta-note", "  two   words ".trimmingIfOSS(kind)))
        }
        if Bool.random(using: &generator) { headers.append(("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")) }
        if Bool.random(using: &generator) { headers.append(("Range", "bytes=0-9")) }
        let body =
            kind == "oss"
            ? []
            : (0..<Int.random(in: 0...40, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let host =
            ["example.com", "127.0.0.1:4566", "bucket.s3.eu-west-1.amazonaws.com"].randomElement(using: &generator)
            ?? ""
        let isInHost = kind != "oss" || Bool.random(using: &generator)
        let path = (isInHost ? "/" : "/bucket/") + PercentEncoding.encode(key, keepingSlash: true)
        let url = "https://\(host)\(path)" + (unique.isEmpty ? "" : "?" + PercentEncoding.query(unique))
        var request = OutgoingRequest(
            method: ["GET", "PUT", "POST", "HEAD", "DELETE"].randomElement(using: &generator) ?? "GET", url: url,
            headers: headers, body: body, timeout: .seconds(1))
        let token = Bool.random(using: &generator) ? "token/with+signs==" : nil
        let credentials = CloudCredentials(
            accessKeyID: "AKID", secretAccessKey: Secret("s3cr/t+"), sessionToken: token.map { Secret($0) })
        let signer: any RequestSigner =
            kind == "oss"
            ? OSS4Signer(region: "cn-hangzhou", hostBucket: isInHost ? "bucket" : nil)
            : SigV4Signer(region: "eu-west-1", service: kind == "s3" ? "s3" : "kms")
        signer.sign(
            &request, credentials: credentials, payloadHash: nil, now: WallInstant(secondsSince1970: 1_440_938_160))
        return SignatureInteropTests.json(request, kind: kind, key: key, token: token)
    }

    private func pick(_ count: Int, _ generator: inout SeededGenerator) -> [String] {
        (0..<count).map { _ in SignatureInteropTests.texts.randomElement(using: &generator) ?? "" }.filter {
            !$0.isEmpty
        }
    }

    private static func json(_ request: OutgoingRequest, kind: String, key: String, token: String?) -> JSON {
        let fields = request.headers.filter { $0.name != "Authorization" }.map {
            JSON.array([.string($0.name), .string($0.value)])
        }
        let authorization = request.headers.first { $0.name == "Authorization" }?.value ?? ""
        let texts = [
            ("kind", kind), ("method", request.method), ("url", request.url), ("body", Hex.encode(request.body)),
            ("accessKeyID", "AKID"), ("secretAccessKey", "s3cr/t+"), ("sessionToken", token ?? ""),
            ("region", kind == "oss" ? "cn-hangzhou" : "eu-west-1"), ("service", kind == "s3" ? "s3" : "kms"),
            ("bucket", "bucket"), ("key", key), ("time", "20150830T123600Z"), ("authorization", authorization),
        ]
        return .object(texts.map { JSON.Member($0.0, .string($0.1)) } + [JSON.Member("headers", .array(fields))])
    }
}

extension String {
    fileprivate var trimmingSlashes: String {
        split(separator: "/").joined(separator: "/")
    }

    /// Aliyun's signer signs values as they are; clients send them trimmed.
    fileprivate func trimmingIfOSS(_ kind: String) -> String { kind == "oss" ? "two words" : self }
}
