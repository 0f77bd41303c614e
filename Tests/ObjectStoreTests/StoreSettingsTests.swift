import Base
import CloudAPI
import ObjectStore
import Resilience
import Settings
import TestKit
import Testing

@Suite struct StoreSettingsTests {
    private func read(_ yaml: String, _ environment: [String: String] = [:]) -> (StoreSettings?, [String]) {
        let result = SettingsReader.read(
            StoreSettings.self, Array(yaml.utf8), file: "x.yaml", references: FixedReferences(environment: environment))
        return (result.group, result.complaints.filter { $0.severity == .error }.map(\.description))
    }

    private func make(_ settings: StoreSettings, _ environment: [String: String] = [:]) throws(ApusError)
        -> any ObjectStore
    {
        try StoreFactory.make(settings, http: ScriptedStore([]), time: SystemTime(), environment: environment)
    }

    @Test func readsEveryKey() throws {
        let (settings, complaints) = read(
            """
            target: s3://my-bucket/logs/web
            region: eu-west-1
            endpoint: https://s3.example.com:9000
            pathStyle: true
            credentials:
              {accessKeyId: AK, secretAccessKey: "${env:SK}", sessionToken: "${env:TK}", roleArn: "arn:aws:iam::1:role/r"}
            storageClass: STANDARD_IA
            tags: {team: ops, kind: logs}
            serverSideEncryption: {method: kms, keyId: key-1}
            objectLock: {mode: governance, retain: 30d}
            partSize: 16MiB
            checksum: md5
            retry: {attempts: 3}
            timeout: 30s
            caFile: /etc/ssl/own.pem
            """, ["SK": "sesame", "TK": "token"])
        #expect(complaints.isEmpty, "\(complaints)")
        let upload = try #require(settings)
        #expect(upload.target == .s3(bucket: "my-bucket", prefix: "logs/web/") && upload.partSize == .mebibytes(16))
        #expect(
            upload.credentials.secretAccessKey == Secret("sesame") && upload.objectLock?.retain == .seconds(2_592_000))
        #expect(
            upload.tags.keys == ["team", "kind"] && upload.checksum == .md5 && upload.retry.policy.maxAttempts == 3)
        #expect(!SettingsReader.rendered(upload).contains("sesame"))
        #expect(try make(upload).name == "s3://my-bucket/logs/web/")
    }

    @Test(arguments: [
        ("s3://bucket", "s3://bucket/"), ("s3://bucket/", "s3://bucket/"), ("s3://bucket/a/b//", "s3://bucket/a/b/"),
        ("oss://bucket/a", "oss://bucket/a/"), ("file:///var/x/", "file:///var/x/"),
        ("file:///var/x", "file:///var/x/"),
    ]) func makesStoresOfTargets(target: String, name: String) throws {
        let settings = try #require(
            read(
                "target: \(target)\nregion: r\n".replacing(
                    "region: r\n", with: target.hasPrefix("file") ? "" : "region: r\n")
            ).0)
        #expect(try make(settings).name == name)
    }

    @Test(arguments: [
        "target: s3://", "target: s3://AB", "target: s3://a/b", "target: s3://bucket/../x", "target: s3://bucket/a//b",
        "target: http://x/",
        "target: file://relative", "target: file:///", "target: file:///a/../b", "region: x",
        "target: s3://bucket\npartSize: 4MiB", "target: s3://bucket\npartSize: 2GiB",
        "target: s3://bucket\nendpoint: https://x/path",
        "target: s3://bucket\nendpoint: https://u:p@x", "target: s3://bucket\ncredentials: {accessKeyId: A}",
        "target: s3://bucket\ncredentials: {profile: p, accessKeyId: A, secretAccessKey: S}",
        "target: s3://bucket\ncredentials: {sessionToken: T}",
        "target: s3://bucket\nserverSideEncryption: {method: customer}",
        "target: s3://bucket\nserverSideEncryption: {method: s3, keyId: k}",
        "target: s3://bucket\nobjectLock: {mode: governance}",
        "target: oss://bucket\nobjectLock: {mode: governance, retain: 3d}", "target: oss://bucket\nchecksum: crc32c",
        "target: oss://bucket\ncredentials: {roleArn: r}", "target: file:///x\nregion: r",
        "target: file:///x\ntags: {a: b}",
        "target: oss://bucket\nserverSideEncryption: {method: customer, keyFile: /k}",
    ]) func refuses(yaml: String) {
        #expect(!read(yaml).1.isEmpty)
    }

    @Test func looksForTheRegion() throws {
        let folder = try TemporaryFolder()
        let settings = try #require(read("target: s3://bucket").0)
        do {
            _ = try make(settings, ["HOME": folder.path])
            Issue.record("it found a region")
        } catch { #expect(error.code == "region-missing" && error.kind == .declaration) }
        #expect(try make(settings, ["HOME": folder.path, "AWS_REGION": "r"]).name == "s3://bucket/")
        let own = try #require(read("target: s3://bucket\nendpoint: http://minio:9000").0)
        #expect(try make(own, ["HOME": folder.path]).name == "s3://bucket/")
        let oss = try #require(read("target: oss://bucket").0)
        #expect(throws: ApusError.self) { try make(oss) }
        #expect(try make(oss, ["OSS_REGION": "cn-hangzhou"]).name == "oss://bucket/")
    }

    @Test(arguments: [
        ("0123456789abcdef0123456789abcdef", true), ("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n", true),
        ("short", false), ("", false),
    ])
    func readsTheCustomersKey(content: String, isRight: Bool) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("key", content)
        let settings = try #require(
            read("target: s3://bucket\nregion: r\nserverSideEncryption: {method: customer, keyFile: \(file)}").0)
        #expect(((try? make(settings)) != nil) == isRight)
    }

    /// Settings to objects and back, at moto.
    @Test(.timeLimit(.minutes(1))) func worksAsConfigured() async throws {
        let peer = try await StorePeer.moto()
        let yaml = """
            target: s3://store/from settings \(UInt64.random(in: 0...UInt64.max))/
            endpoint: \(peer.endpoint)
            credentials: {accessKeyId: "\(peer.text("accessKeyID"))", secretAccessKey: "${env:SK}"}
            """
        let settings = try #require(read(yaml, ["SK": peer.text("secretAccessKey")]).0)
        let store = try StoreFactory.make(
            settings, http: StorePeer.http, time: SystemTime(), environment: ["AWS_REGION": "us-east-1"])
        _ = try await store.putObject("key", [1, 2], ObjectAttributes())
        #expect(try await store.list("", after: nil, limit: 10).objects.map(\.key) == ["key"])
    }
}
