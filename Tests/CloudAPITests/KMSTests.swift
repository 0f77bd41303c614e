import Base
import CloudAPI
import TestKit
import Testing

/// Against moto's KMS, which verifies signatures.
@Suite(.timeLimit(.minutes(2))) struct KMSTests {
    private let context = [(name: "file", value: "a\"b/ü"), (name: "host", value: "web-1")]

    private func client(_ peer: CloudPeer, _ credentials: CloudCredentials? = nil) -> KMSClient {
        KMSClient(
            endpoint: peer.text("endpoint"), region: "us-east-1", credentials: peer.chain(credentials),
            http: CloudPeer.http,
            time: SystemTime())
    }

    @Test func wrapsAndOpens() async throws {
        let peer = try await CloudPeer.moto()
        let kms = client(peer)
        for keyID in [peer.text("kmsKeyID"), "alias/apus"] {
            let made = try await kms.generateDataKey(keyID: keyID, context: context)
            #expect(made.plain.count == 32 && made.keyID == peer.text("kmsKeyID"))
            for asked in [nil, peer.text("kmsKeyID")] {
                let opened = try await kms.decrypt(made.wrapped, keyID: asked, context: context)
                #expect(opened.plain == made.plain && opened.keyID == peer.text("kmsKeyID"))
            }
            let other = try await kms.generateDataKey(keyID: keyID, context: context)
            #expect(other.plain != made.plain)
        }
        #expect(try await kms.describeKey("alias/apus") == peer.text("kmsKeyID"))
    }

    @Test func wrapsAnew() async throws {
        let peer = try await CloudPeer.moto()
        let kms = client(peer)
        let made = try await kms.generateDataKey(keyID: "alias/apus", context: context)
        let moved = try await kms.reEncrypt(made.wrapped, to: peer.text("otherKMSKeyID"), context: context)
        #expect(moved.keyID == peer.text("otherKMSKeyID"))
        #expect(try await kms.decrypt(moved.wrapped, keyID: nil, context: context).plain == made.plain)
    }

    @Test func tellsWhatIsWrong() async throws {
        let peer = try await CloudPeer.moto()
        let kms = client(peer)
        let made = try await kms.generateDataKey(keyID: "alias/apus", context: context)
        await expectCode("key-unknown") { _ = try await kms.generateDataKey(keyID: "alias/none", context: []) }
        await expectCode("key-mismatch") { _ = try await kms.decrypt(made.wrapped, keyID: nil, context: []) }
        await expectCode("key-mismatch") {
            _ = try await kms.decrypt(Array(made.wrapped.reversed()), keyID: nil, context: context)
        }
        let wrong = CloudCredentials(accessKeyID: peer.text("accessKeyID"), secretAccessKey: Secret("wrong"))
        await expectCode("key-provider-failed") {
            _ = try await client(peer, wrong).generateDataKey(keyID: "alias/apus", context: [])
        }
    }

    private static let success = Array(
        #"{"Plaintext":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","CiphertextBlob":"AAAA","KeyId":"arn"}"#.utf8)

    @Test func triesAgainWhatMayPass() async throws {
        let time = ManualTime()
        let http = ScriptedSender([
            .answer(400, #"{"__type":"ThrottlingException"}"#), .answer(500, ""), .failure,
            .answer(200, String(decoding: KMSTests.success, as: UTF8.self)),
        ])
        let fixed = CloudCredentials(accessKeyID: "A", secretAccessKey: Secret("S"))
        let kms = KMSClient(
            endpoint: nil, region: "cn-north-1", credentials: CredentialChain([FixedCredentials(fixed)], time: time),
            http: http, time: time)
        async let made = kms.generateDataKey(keyID: "k", context: [])
        for _ in 0..<3 {
            await time.waitForSleepers()
            time.advance(by: .seconds(10))
        }
        #expect(try await made.plain == Array(repeating: 0, count: 32))
        #expect(http.requests.map(\.url) == Array(repeating: "https://kms.cn-north-1.amazonaws.com.cn/", count: 4))
        #expect(
            http.requests[0].headers.contains {
                $0.name == "X-Amz-Target" && $0.value == "TrentService.GenerateDataKey"
            })
    }

    @Test func renewsCredentialsOnce() async throws {
        let time = ManualTime()
        let http = ScriptedSender([
            .answer(400, #"{"__type":"ExpiredTokenException"}"#), .answer(400, #"{"__type":"ExpiredTokenException"}"#),
        ])
        let source = CountingSource()
        let kms = KMSClient(
            endpoint: nil, region: "us-east-1", credentials: CredentialChain([source], time: time), http: http,
            time: time)
        await expectCode("key-provider-failed") { _ = try await kms.generateDataKey(keyID: "k", context: []) }
        #expect(source.loads == 2 && http.requests.count == 2)
    }
}
