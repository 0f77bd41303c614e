import Base
import TestKit
import Testing

extension Tag {
    @Tag static var slow: Self
}

/// What the process holds after many reloads and scrapes. Tests/peers/memory/soak.py measures the large numbers by hand.
@Suite(.timeLimit(.minutes(10)), .tags(.slow)) struct MemoryTests {
    /// 200 reloads and 2000 scrapes: a leak of 10 kB a reload, or of 1 kB a scrape, is 2 MB. One and a half are allowed, for
    /// pages of the allocator that fill up.
    @Test func memoryDescriptorsAndThreadsStayFlat() async throws {
        let folder = try TemporaryFolder()
        let said = try await Peers.run(
            "memory/soak.py",
            [
                ApusProgram.path, "--reloads", "200", "--scrapes", "2000", "--warm-up", "100", "--keep-alive", "--disk",
                "--allow-kib", "1500",
            ], folder: folder)
        #expect(said.contains("scrapes    2000"), "\(said)")
    }
}
