import Base
import CloudAPI
import Testing

/// Signatures that AWS has published: the suite of Signature Version 4 ("service", 2015-08-30) and the examples of the
/// S3 manual (2013-05-24).
@Suite struct SigV4VectorTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        var method = "GET"
        let target: String
        var headers: [(name: String, value: String)] = []
        var body = ""
        let signature: String
        var testDescription: String { name }
    }

    static let suite: [Vector] = [
        Vector(
            name: "get-vanilla", target: "/",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Vector(
            name: "get-vanilla-query-order-key-case", target: "/?Param2=value2&Param1=value1",
            signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        Vector(
            name: "get-utf8", target: "/ሴ",
            signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        Vector(
            name: "get-relative-relative", target: "/example1/example2/../..",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Vector(
            name: "get-slashes", target: "//example//",
            signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
        Vector(
            name: "get-space", target: "/example space/",
            signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
        Vector(
            name: "get-header-value-trim", target: "/",
            headers: [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
            signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
        Vector(
            name: "post-vanilla", method: "POST", target: "/",
            signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        Vector(
            name: "post-x-www-form-urlencoded", method: "POST", target: "/",
            headers: [("Content-Type", "application/x-www-form-urlencoded")], body: "Param1=value1",
            signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ]

    @Test(arguments: suite) func signsAsTheSuite(vector: Vector) {
        let credentials = CloudCredentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))
        var request = OutgoingRequest(
            method: vector.method, url: "https://example.amazonaws.com\(vector.target)", headers: vector.headers,
            body: Array(vector.body.utf8), timeout: .seconds(1))
        SigV4Signer(region: "us-east-1", service: "service").sign(
            &request, credentials: credentials, payloadHash: nil, now: WallInstant(secondsSince1970: 1_440_938_160))
        #expect(signature(request) == vector.signature)
    }

    static let s3: [Vector] = [
        Vector(
            name: "GET with Range", target: "/test.txt", headers: [("Range", "bytes=0-9")],
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        Vector(
            name: "PUT", method: "PUT", target: "/test%24file.text",
            headers: [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
            body: "Welcome to Amazon S3.",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        Vector(
            name: "lifecycle", target: "/?lifecycle",
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        Vector(
            name: "list", target: "/?max-keys=2&prefix=J",
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ]

    @Test(arguments: s3) func signsAsTheManualOfS3(vector: Vector) {
        let credentials = CloudCredentials(
            accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))
        var request = OutgoingRequest(
            method: vector.method, url: "https://examplebucket.s3.amazonaws.com\(vector.target)",
            headers: vector.headers,
            body: Array(vector.body.utf8), timeout: .seconds(1))
        SigV4Signer(region: "us-east-1", service: "s3").sign(
            &request, credentials: credentials, payloadHash: nil, now: WallInstant(secondsSince1970: 1_369_353_600))
        #expect(signature(request) == vector.signature)
    }

    private func signature(_ request: OutgoingRequest) -> String {
        let field = request.headers.first { $0.name == "Authorization" }?.value ?? ""
        return String(field.suffix(64))
    }
}
