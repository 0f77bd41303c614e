import Base
import ObjectStore
import Resilience
import TestKit
import Testing

/// What a bucket's store does when its server or the way to it fails.
@Suite struct FaultTests {
    private static func error(_ code: String, _ more: String = "") -> String {
        "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>secret words</Message>\(more)</Error>"
    }

    private static let done = ScriptedStore.Step.answer(200, headers: [("ETag", "\"e\"")])

    @Test(
        arguments: [
            .answer(503, body: error("SlowDown")), .answer(500, body: error("InternalError")), .answer(502),
            .answer(504),
            .answer(429), .answer(400, body: error("RequestTimeout")), .answer(409, body: error("OperationAborted")),
            .answer(200, headers: [("Content-Length", "10")], body: "short"), .failure(canRetry: true),
            .answer(400, body: error("BadDigest")), .answer(200, body: error("InternalError")),
        ] as [ScriptedStore.Step])
    func triesAgainWhatMayPass(step: ScriptedStore.Step) async throws {
        let script = ScriptedStore([step, step, FaultTests.done])
        let time = ImpatientTime()
        let receipt = try await script.store(time).putObject("key", [1, 2, 3], ObjectAttributes())
        #expect(receipt.eTag == "e" && script.requests.count == 3)
        #expect(time.slept.count == 2 && time.slept.allSatisfy { $0 <= .milliseconds(200) })
        #expect(script.requests.allSatisfy { $0.body == [1, 2, 3] })
    }

    /// It is signed as it was given; without one it is taken.
    @Test func aKnownDigestOfABodyIsNotTakenAgain() async throws {
        let given = [UInt8](repeating: 0xAB, count: 32)
        let script = ScriptedStore(Array(repeating: FaultTests.done, count: 4))
        let store = script.store()
        let upload = UploadID(key: "key", id: "u")
        _ = try await store.putObject("key", [1], sha256: given, ObjectAttributes())
        _ = try await store.uploadPart(upload, 1, [1], sha256: given)
        _ = try await store.putObject("key", [1], sha256: nil, ObjectAttributes())
        _ = try await store.uploadPart(upload, 1, [1])
        let sent = script.requests.map { request in
            request.headers.first { $0.name == "x-amz-content-sha256" }?.value
        }
        let known = String(repeating: "ab", count: 32)
        let taken = "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"
        #expect(sent == [known, known, taken, taken])
    }

    @Test(
        arguments: [
            (.answer(403, body: error("AccessDenied")), "store-denied"), (.answer(403), "store-denied"),
            (.answer(403, body: error("SignatureDoesNotMatch")), "store-denied"),
            (.answer(404, body: error("NoSuchBucket")), "store-failed"),
            (.answer(400, body: error("InvalidArgument")), "store-failed"),
            (.answer(412, body: error("PreconditionFailed")), "object-exists"),
            (.answer(501, body: error("NotImplemented")), "store-failed"),
            (.failure(canRetry: false), "store-unreachable"),
            (.answer(302), "store-failed"), (.answer(200, body: error("AccessDenied")), "store-failed"),
        ] as [(ScriptedStore.Step, String)])
    func givesUpAtOnceWhatCannotPass(step: ScriptedStore.Step, code: String) async throws {
        let script = ScriptedStore([step])
        await expectCode(code) { _ = try await script.store().putObject("key", [1], ObjectAttributes()) }
        #expect(script.requests.count == 1)
    }

    @Test(
        arguments: [
            (.answer(503, body: error("SlowDown")), "store-busy"), (.failure(canRetry: true), "store-unreachable"),
            (.answer(507), "store-full"), (.answer(400, body: error("XAmzContentSHA256Mismatch")), "checksum-mismatch"),
        ] as [(ScriptedStore.Step, String)])
    func tellsWhatTheLastTryMet(step: ScriptedStore.Step, code: String) async throws {
        let script = ScriptedStore(Array(repeating: step, count: 4))
        do {
            _ = try await script.store().putObject("the-key", [1], ObjectAttributes())
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.code == code && error.canRetry)
            #expect(error.message.contains("the-key") && !"\(error)".contains("secret"))
        }
        #expect(script.requests.count == 4)
    }

    @Test func honoursRetryAfter() async throws {
        let script = ScriptedStore([.answer(503, headers: [("Retry-After", "7")]), FaultTests.done])
        let time = ImpatientTime()
        _ = try await script.store(time).putObject("key", [1], ObjectAttributes())
        #expect(time.slept == [.seconds(7)])
    }

    @Test func correctsItsClockOnce() async throws {
        // 1,700,000,000 is 2023-11-14T22:13:20Z; the server is an hour ahead.
        let skewed = ScriptedStore.Step.answer(
            403, headers: [("Date", "Tue, 14 Nov 2023 23:13:20 GMT")], body: FaultTests.error("RequestTimeTooSkewed"))
        let script = ScriptedStore([skewed, FaultTests.done, FaultTests.done, skewed, skewed])
        let store = script.store()
        for _ in 0..<2 { _ = try await store.putObject("key", [1], ObjectAttributes()) }
        #expect(
            script.requests.map { $0.header("x-amz-date") } == [
                "20231114T221320Z", "20231114T231320Z", "20231114T231320Z",
            ])
        await expectCode("store-denied") { _ = try await store.putObject("key", [1], ObjectAttributes()) }
    }

    @Test func takesAWrongClockFromTheAnswerToHead() async throws {
        let script = ScriptedStore([
            .answer(403, headers: [("Date", "Tue, 14 Nov 2023 20:13:20 GMT")]),
            .answer(200, headers: [("Content-Length", "5"), ("ETag", "\"e\"")]),
        ])
        #expect(try await script.store().head("key")?.size == 5)
        #expect(script.requests.map { $0.header("x-amz-date") } == ["20231114T221320Z", "20231114T201320Z"])
    }

    @Test(
        arguments: [
            .answer(301, headers: [("x-amz-bucket-region", "eu-west-1")], body: error("PermanentRedirect")),
            .answer(307, headers: [("x-amz-bucket-region", "eu-west-1")]),
            .answer(400, body: error("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")),
            .answer(400, headers: [("x-amz-bucket-region", "eu-west-1")]),
        ] as [ScriptedStore.Step])
    func learnsTheRegion(step: ScriptedStore.Step) async throws {
        let script = ScriptedStore([step, FaultTests.done, FaultTests.done])
        let store = script.store()
        for _ in 0..<2 { _ = try await store.putObject("key", [1], ObjectAttributes()) }
        #expect(
            script.requests.map(\.url)
                == ["https://bucket.s3.us-east-1.amazonaws.com/key"]
                + Array(repeating: "https://bucket.s3.eu-west-1.amazonaws.com/key", count: 2))
        #expect(script.requests[1].header("Authorization").contains("/eu-west-1/s3/aws4_request"))
    }

    @Test func believesNoStrangeRegion() async throws {
        let script = ScriptedStore([.answer(301, headers: [("x-amz-bucket-region", "evil.example/")])])
        await expectCode("store-failed") { _ = try await script.store().putObject("key", [1], ObjectAttributes()) }
        #expect(script.requests.count == 1)
    }

    @Test(arguments: ["ExpiredToken", "InvalidToken"]) func renewsCredentialsOnce(word: String) async throws {
        let expired = ScriptedStore.Step.answer(400, body: FaultTests.error(word))
        let script = ScriptedStore([expired, FaultTests.done, expired, expired])
        let store = script.store()
        _ = try await store.putObject("key", [1], ObjectAttributes())
        await expectCode("store-failed") { _ = try await store.putObject("key", [1], ObjectAttributes()) }
        let keys = script.requests.map { request in
            ["key-1", "key-2", "key-3"].first { request.header("Authorization").contains("Credential=\($0)/") }
        }
        #expect(keys == ["key-1", "key-2", "key-2", "key-3"])
    }

    @Test func seesAnErrorInASuccess() async throws {
        let part = PartReceipt(number: 1, eTag: "d41d8cd98f00b204e9800998ecf8427e")
        let upload = UploadID(key: "key", id: "id")
        let right =
            "<CompleteResult><ETag>\"59adb24ef3cdbe0297f05b395827453f-1\"</ETag></CompleteResult>"
        let script = ScriptedStore([
            .answer(200, body: "  \n" + FaultTests.error("InternalError")), .answer(200, body: " \n" + right),
            .answer(200, body: FaultTests.error("InvalidPart")),
            .answer(200, body: right.replacing("59adb24e", with: "00000000")),
        ])
        let store = script.store()
        #expect(
            try await store.completeUpload(upload, [part], ObjectAttributes()).eTag
                == "59adb24ef3cdbe0297f05b395827453f-1")
        await expectCode("checksum-mismatch") { _ = try await store.completeUpload(upload, [part], ObjectAttributes()) }
        // An object of other parts.
        await expectCode("checksum-mismatch") { _ = try await store.completeUpload(upload, [part], ObjectAttributes()) }
        #expect(script.requests.count == 4)
    }

    @Test(
        arguments: [("59adb24ef3cdbe0297f05b395827453f-1", nil), ("other", "upload-missing"), (nil, "upload-missing")]
            as [(String?, String?)])
    func looksWhetherAMissingUploadIsDone(eTag: String?, code: String?) async throws {
        let part = PartReceipt(number: 1, eTag: "d41d8cd98f00b204e9800998ecf8427e")
        let head = eTag.map {
            ScriptedStore.Step.answer(200, headers: [("Content-Length", "0"), ("ETag", "\"\($0)\"")])
        }
        let script = ScriptedStore([
            .failure(canRetry: true), .answer(404, body: FaultTests.error("NoSuchUpload")), head ?? .answer(404),
        ])
        let store = script.store()
        if let code {
            await expectCode(code) {
                _ = try await store.completeUpload(UploadID(key: "key", id: "id"), [part], ObjectAttributes())
            }
        } else {
            let receipt = try await store.completeUpload(UploadID(key: "key", id: "id"), [part], ObjectAttributes())
            #expect(receipt.eTag == eTag)
        }
        #expect(script.requests.map(\.method) == ["POST", "POST", "HEAD"])
    }

    @Test func triesAgainWhatWasDamagedOnTheWay() async throws {
        let wrong = ScriptedStore.Step.answer(
            200, headers: [("x-amz-checksum-crc32c", "AAAAAA=="), ("ETag", "\"e\"")], body: "abc")
        // CRC-32C of "abc" is 364b3fb7, of [1] is a016d052.
        let script = ScriptedStore([
            wrong, .answer(200, headers: [("x-amz-checksum-crc32c", "oBbQUg=="), ("ETag", "\"e\"")]),
            wrong, .answer(200, headers: [("x-amz-checksum-crc32c", "Nks/tw==")], body: "abc"), wrong, wrong, wrong,
            wrong,
        ])
        let store = script.store()
        #expect(try await store.putObject("key", [1], ObjectAttributes()).eTag == "e")
        #expect(try await store.read("key", range: nil) == Array("abc".utf8))
        await expectCode("checksum-mismatch") { _ = try await store.read("key", range: nil) }
        #expect(script.requests.count == 8)
    }

    @Test func leavesForeignKeysOutOfListings() async throws {
        func page(_ keys: [String], isCut: Bool) -> ScriptedStore.Step {
            let rows = keys.map { "<Contents><Key>\($0)</Key><Size>1</Size></Contents>" }.joined()
            return .answer(200, body: "<ListBucketResult>\(rows)<IsTruncated>\(isCut)</IsTruncated></ListBucketResult>")
        }
        let script = ScriptedStore([
            page(["p%2F", "p%2Fx%2F"], isCut: true), page(["p%2Fy%2F%2Fz", "p%2Fz+1"], isCut: false),
        ])
        let found = try await script.store(ImpatientTime()) { $0.prefix = "p/" }.list("", after: nil, limit: 2)
        #expect(found.objects.map(\.key) == ["z 1"] && !found.isCut)
        #expect(script.requests.last?.url.hasSuffix("&start-after=p%2Fx%2F") == true)
    }

    /// A proxy's greeting, a store that cannot do it: which call, and what came.
    @Test func aListingThatIsNoneIsDescribed() async throws {
        let script = ScriptedStore([
            .answer(200, body: "<html><body>hello</body></html>"),
            .answer(200, body: "<ListBucketResult></ListBucketResult>"),
        ])
        let store = script.store(ImpatientTime()) { $0.prefix = "p/" }
        func message(_ body: () async throws -> Void) async -> String {
            do {
                try await body()
                return "none"
            } catch {
                return "\(error)"
            }
        }
        let list = await message { _ = try await store.list("x/", after: nil, limit: 2) }
        #expect(list == "ListObjectsV2 of p/x/: status 200 with <html>, not <ListBucketResult>")
        let uploads = await message { _ = try await store.unfinishedUploads("x/y") }
        #expect(
            uploads
                == "ListMultipartUploads of p/x/y: status 200 with <ListBucketResult>, not <ListMultipartUploadsResult>"
        )
    }

    @Test func namesObjectsInHostOrPath() async throws {
        let script = ScriptedStore(Array(repeating: .answer(204), count: 5))
        try await script.store().delete("a b")
        try await script.store(ImpatientTime()) { $0.bucket = "my.bucket" }.delete("a")
        try await script.store(ImpatientTime()) { $0.endpoint = "http://s3.example:9000" }.delete("a")
        try await script.store(ImpatientTime()) {
            $0.endpoint = "http://s3.example:9000/"
            $0.pathStyle = false
        }.delete("a")
        try await script.store(ImpatientTime()) {
            $0.dialect = .oss
            $0.region = "cn-hangzhou"
            $0.prefix = "p/"
        }.delete("a")
        #expect(
            script.requests.map(\.url) == [
                "https://bucket.s3.us-east-1.amazonaws.com/a%20b", "https://s3.us-east-1.amazonaws.com/my.bucket/a",
                "http://s3.example:9000/bucket/a", "http://bucket.s3.example:9000/a",
                "https://bucket.oss-cn-hangzhou.aliyuncs.com/p/a",
            ])
    }

    @Test func endsWithItsTask() async throws {
        let script = ScriptedStore([.answer(503), .answer(503)])
        let time = ManualTime()
        let store = script.store(time)
        let work = Task { try await store.putObject("key", [1], ObjectAttributes()) }
        await time.waitForSleepers()
        work.cancel()
        await expectCode("cancelled") { _ = try await work.value }
        #expect(script.requests.count == 1)
    }
}
