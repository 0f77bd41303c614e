import Base
import CloudAPI
import ObjectStore
import TestKit
import Testing

/// What objects are written with, as the store has kept it or as it was asked.
@Suite(.timeLimit(.minutes(2))) struct BucketOptionTests {
    private func describe(_ peer: StorePeer, _ options: BucketOptions, _ key: String) async throws -> JSON {
        let folder = try TemporaryFolder()
        let script = "\(ApusProgram.root())/Tests/peers/s3/describe.py"
        let arguments = [
            script, peer.endpoint, peer.text("accessKeyID"), peer.text("secretAccessKey"), options.bucket,
            options.prefix + key,
        ]
        let result = try await ChildProcess.run(StorePeer.python, arguments, folder: folder.path)
        try #require(result.code == 0, "\(result.errors)")
        return try JSON.parse(Array(result.output.utf8))
    }

    private func putBoth(_ store: BucketStore) async throws {
        let attributes = ObjectAttributes(contentType: "application/zstd", metadata: [("apus-host", "web-1")])
        _ = try await store.putObject("whole", [1, 2, 3], attributes)
        let upload = try await store.beginUpload("parts", attributes)
        let part = try await store.uploadPart(upload, 1, [4, 5])
        _ = try await store.completeUpload(upload, [part], attributes)
    }

    @Test func motoKeepsClassTagsAndEncryption() async throws {
        let peer = try await StorePeer.moto()
        for encryption in [.store, .kms(keyID: peer.text("kmsKeyID"))] as [BucketOptions.Encryption] {
            var options = StoreKind.options(peer, .s3)
            options.storageClass = "STANDARD_IA"
            options.tags = [("team", "ops / co: 1@x"), ("kind", "log=1")]
            options.encryption = encryption
            try await putBoth(BucketStore.make(options, peer))
            for key in ["whole", "parts"] {
                let found = try await describe(peer, options, key)
                #expect(
                    found["storageClass"]?.string == "STANDARD_IA" && found["contentType"]?.string == "application/zstd"
                )
                #expect(
                    found["tags"]?["team"]?.string == "ops / co: 1@x" && found["tags"]?["kind"]?.string == "log=1",
                    "\(key)")
                #expect(found["metadata"]?["apus-host"]?.string == "web-1")
                let isKMS = encryption != .store
                #expect(found["encryption"]?.string == (isKMS ? "aws:kms" : "AES256"), "\(key)")
                if isKMS { #expect(found["kmsKeyID"]?.string == peer.text("kmsKeyID"), "\(key)") }
            }
        }
    }

    @Test func motoLocksObjects() async throws {
        let peer = try await StorePeer.moto()
        var options = StoreKind.options(peer, .s3, bucket: "locked")
        options.lock = BucketOptions.Lock(mode: .compliance, retain: .seconds(86_400 * 30))
        _ = try await BucketStore.make(options, peer).putObject("whole", [1, 2, 3], ObjectAttributes())
        let found = try await describe(peer, options, "whole")
        #expect(found["lockMode"]?.string == "COMPLIANCE")
        let until = found["retainUntil"]?.string.flatMap(CloudTimestamp.parse)
        let left = try #require(until).secondsSince1970 - SystemTime().wallNow().secondsSince1970
        #expect(abs(left - 86_400 * 30) < 600)
    }

    @Test(arguments: BucketOptions.Checksum.allCases) func storesTakeEveryChecksum(checksum: BucketOptions.Checksum)
        async throws
    {
        for (peer, dialect) in [
            (try await StorePeer.moto(), .s3), (try await StorePeer.s3api(), .s3), (try await StorePeer.oss(), .oss),
        ] as [(StorePeer, StoreDialect)] {
            var options = StoreKind.options(peer, dialect)
            options.checksum = checksum
            let store = BucketStore.make(options, peer)
            try await putBoth(store)
            #expect(try await store.read("whole", range: nil) == [1, 2, 3])
            #expect(try await store.read("parts", range: nil) == [4, 5])
        }
    }

    /// The servers really verify signatures: with another key nothing goes.
    @Test func serversRefuseAWrongKey() async throws {
        for (peer, dialect) in [
            (try await StorePeer.moto(), .s3), (try await StorePeer.s3api(), .s3), (try await StorePeer.oss(), .oss),
        ] as [(StorePeer, StoreDialect)] {
            let wrong = CloudCredentials(accessKeyID: peer.text("accessKeyID"), secretAccessKey: Secret("wrong"))
            let store = BucketStore(
                StoreKind.options(peer, dialect),
                credentials: CredentialChain([FixedCredentials(wrong)], time: SystemTime()),
                http: StorePeer.http, time: SystemTime())
            await expectCode("store-denied") { _ = try await store.putObject("key", [1], ObjectAttributes()) }
            await expectCode("store-denied") { _ = try await store.head("key") }
            await expectCode("store-denied") { _ = try await store.list("", after: nil, limit: 10) }
        }
    }

    @Test func sendsTheCustomersKeyWithEveryRequestThatNeedsIt() async throws {
        let done = ScriptedStore.Step.answer(200, headers: [("ETag", "\"e\""), ("Content-Length", "0")])
        let script = ScriptedStore([
            done, done, done, .answer(200, body: "<R><UploadId>id</UploadId></R>"), done,
            .answer(200, body: "<CopyPartResult><ETag>\"e\"</ETag></CopyPartResult>"),
            .answer(200, body: "<R><ETag>\"e\"</ETag></R>"), .answer(204),
        ])
        let key = Array("0123456789abcdef0123456789abcdef".utf8)
        let store = script.store(ImpatientTime()) { $0.encryption = .customer(Secret(Base64Text.encode(key))) }
        _ = try await store.putObject("key", [], ObjectAttributes())
        _ = try await store.head("key")
        _ = try await store.read("key", range: nil)
        let upload = try await store.beginUpload("key", ObjectAttributes())
        let part = try await store.uploadPart(upload, 1, [])
        _ = try await store.copyPart(upload, 2, from: "key", range: 0..<10)
        _ = try await store.completeUpload(upload, [part], ObjectAttributes())
        try await store.delete("key")
        let name = "x-amz-server-side-encryption-customer-"
        for (index, request) in script.requests.enumerated() {
            let isDelete = index == 7
            #expect(request.header(name + "algorithm") == (isDelete ? "" : "AES256"), "\(index)")
            #expect(request.header(name + "key") == (isDelete ? "" : Base64Text.encode(key)), "\(index)")
            #expect(request.header(name + "key-MD5") == (isDelete ? "" : "hRasmdxgYDKV3nvbahU1MA=="), "\(index)")
        }
        #expect(
            script.requests[5].header("x-amz-copy-source-server-side-encryption-customer-key") == Base64Text.encode(key)
        )
        #expect(script.requests[5].header("x-amz-copy-source") == "/bucket/key")
    }

    @Test func ossSpeaksItsOwnHeaders() async throws {
        let script = ScriptedStore([.answer(200, headers: [("ETag", "\"e\"")])])
        let store = script.store(ImpatientTime()) {
            $0.dialect = .oss
            $0.checksum = .md5
            $0.encryption = .kms(keyID: "key-1")
            $0.storageClass = "IA"
            $0.tags = [("a", "b c")]
        }
        _ = try await store.putObject(
            "key", Array("abc".utf8), ObjectAttributes(metadata: [("n", "1")], ifAbsent: true))
        let sent = Dictionary(script.requests[0].headers.map { ($0.name, $0.value) }) { first, _ in first }
        let expected = [
            "x-oss-meta-n": "1", "x-oss-storage-class": "IA", "x-oss-tagging": "a=b%20c",
            "x-oss-forbid-overwrite": "true",
            "x-oss-server-side-encryption": "KMS", "x-oss-server-side-encryption-key-id": "key-1",
            "Content-MD5": "kAFQmDzST7DWlj99KOF/cg==",
        ]
        for (name, value) in expected { #expect(sent[name] == value, "\(name)") }
        #expect(!sent.keys.contains { $0.lowercased().hasPrefix("x-amz-") })
    }
}
