import Base
import CloudAPI
import ObjectStore
import Resilience
import TestKit
import Testing

/// Every implementation of `ObjectStore`, against a server of its kind.
enum StoreKind: String, CaseIterable, CustomTestStringConvertible {
    case folder
    /// moto: all of S3's options, signatures verified.
    case moto
    /// OpenStack Swift's S3 API: strict on signatures and checksums, fewer options.
    case s3api
    /// Our mock of Aliyun OSS, which verifies signatures with Aliyun's own signer.
    case oss

    var testDescription: String { rawValue }
    /// Of a part that is not the last.
    var partBytes: Int { self == .folder ? 100_000 : 5 << 20 }

    func make() async throws -> StoreUnderTest {
        switch self {
        case .folder:
            let folder = try TemporaryFolder()
            return StoreUnderTest(store: FolderStore(root: "\(folder.path)/store", time: SystemTime()), folder: folder)
        case .moto: return try await bucket(StorePeer.moto(), .s3)
        case .s3api: return try await bucket(StorePeer.s3api(), .s3)
        case .oss: return try await bucket(StorePeer.oss(), .oss)
        }
    }

    private func bucket(_ peer: StorePeer, _ dialect: StoreDialect) async throws -> StoreUnderTest {
        let options = StoreKind.options(peer, dialect)
        return StoreUnderTest(store: BucketStore.make(options, peer), folder: nil)
    }

    static func options(_ peer: StorePeer, _ dialect: StoreDialect, bucket: String = "store") -> BucketOptions {
        var options = BucketOptions(
            dialect: dialect, bucket: bucket, region: dialect == .s3 ? "us-east-1" : "cn-hangzhou")
        options.endpoint = peer.endpoint
        options.pathStyle = true
        // Tests do not meet one another.
        options.prefix = "test \(UInt64.random(in: 0...UInt64.max))/"
        options.retry = RetryPolicy(maxAttempts: 3, initialBackoff: .milliseconds(10))
        options.timeout = .seconds(60)
        return options
    }
}

struct StoreUnderTest {
    let store: any ObjectStore
    let folder: TemporaryFolder?

    /// The folder goes with its last reference: held to the end of a test by `defer { test.keep() }`.
    func keep() { withExtendedLifetime(folder) {} }
}

extension BucketStore {
    static func make(_ options: BucketOptions, _ peer: StorePeer) -> BucketStore {
        let credentials = CredentialChain([FixedCredentials(peer.credentials)], time: SystemTime())
        return BucketStore(options, credentials: credentials, http: StorePeer.http, time: SystemTime())
    }
}

/// Bytes that do not repeat.
func someBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    var bytes = [UInt8]()
    bytes.reserveCapacity(count + 8)
    while bytes.count < count { withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) } }
    return Array(bytes.prefix(count))
}
