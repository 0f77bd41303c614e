import Base
import Compression
import Envelope
import LogArchive
import TestKit
import Testing

/// Reading what anybody may have made.
@Suite(.timeLimit(.minutes(2))) struct PlainReaderTests {
    private struct Bytes: ByteSource {
        let bytes: [UInt8]
        var size: Int64 { Int64(bytes.count) }
        func read(_ range: Range<Int64>) async throws -> [UInt8] {
            Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        }
    }

    private struct NoKeys: KeyDirectory {
        func provider(_ settings: EncryptSettings, region: String?) throws(ApusError) -> any KeyProvider {
            throw ApusError(code: "key-unknown", "there are no keys here")
        }
        func provider(for wrapped: WrappedKey) throws(ApusError) -> any KeyProvider {
            throw ApusError(code: "key-unknown", "there are no keys here")
        }
    }

    private static let size = 64 << 20

    private func bomb(_ algorithm: String) throws -> [UInt8] {
        let plain = [UInt8](repeating: 0x61, count: PlainReaderTests.size)
        return algorithm == "gzip" ? try Gzip.compress(plain, level: .fastest) : try Zstd.compress(plain)
    }

    /// A few kilobytes that open to 64 MiB: what comes at once has a bound.
    @Test(arguments: ["gzip", "zstd"]) func aBombComesInPieces(algorithm: String) async throws {
        let packed = try bomb(algorithm)
        #expect(packed.count < 1 << 20)
        let reader = try await PlainReader(Bytes(bytes: packed), keys: NoKeys(), expects: .sealedOrPacked)
        var (total, largest) = (0, 0)
        try await reader.whole { piece in
            total += piece.count
            largest = max(largest, piece.count)
        }
        #expect(total == PlainReaderTests.size)
        #expect(largest <= 1 << 20)
    }

    @Test(arguments: ["gzip", "zstd"]) func aCutFrameIsNotWhole(algorithm: String) async throws {
        let packed = [UInt8](try bomb(algorithm).dropLast(5))
        let reader = try await PlainReader(Bytes(bytes: packed), keys: NoKeys(), expects: .sealedOrPacked)
        let error = await #expect(throws: ApusError.self) { try await reader.whole { _ in } }
        #expect(error?.code == "\(algorithm)-truncated")
    }

    @Test func whatShouldBeSealedMustBe() async throws {
        let packed = try Gzip.compress(Array("a forged line\n".utf8))
        func code(_ bytes: [UInt8], _ expects: PlainReader.Expectation) async -> String {
            do {
                _ = try await PlainReader(Bytes(bytes: bytes), keys: NoKeys(), expects: expects)
                return ""
            } catch { return (error as? ApusError)?.code ?? "\(error)" }
        }
        let text = Array("a forged line\n".utf8)
        #expect(await code(text, .anything) == "")
        #expect(await code(text, .sealedOrPacked) == "envelope-not")
        #expect(await code([], .sealedOrPacked) == "envelope-truncated")
        #expect(await code(packed, .sealedOrPacked) == "")
        for known in [false, true] {
            #expect(await code(text, .sealed(isLengthKnown: known)) == "envelope-not")
            #expect(await code(packed, .sealed(isLengthKnown: known)) == "envelope-not")
            #expect(await code([], .sealed(isLengthKnown: known)) == "envelope-truncated")
        }
    }
}
