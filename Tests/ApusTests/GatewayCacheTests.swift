import Base
import TestKit
import Testing

/// The cache in a running gateway, with real sockets before and behind it: hits, conditions and ranges, renewal before and
/// behind the client, answers in place of failures, one fetch for several clients, slow ones.
@Suite(.timeLimit(.minutes(2))) struct GatewayCacheTests {
    @Test func caches() async throws {
        let folder = try TemporaryFolder()
        try await PythonPeer.run(
            "Tests/peers/gateway/caching.py", [ApusProgram.path, folder.path], modules: ["asyncio"], folder: folder)
    }

    /// What RFC 9111 and its kin ask of a shared cache, row by row: `caching_cases.py`.
    @Test func keepsTheRules() async throws {
        let folder = try TemporaryFolder()
        try await PythonPeer.run(
            "Tests/peers/gateway/caching_table.py", [ApusProgram.path, folder.path], modules: ["asyncio"],
            folder: folder)
    }
}
