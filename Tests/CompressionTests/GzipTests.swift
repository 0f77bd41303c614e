import Base
import Compression
import TestKit
import Testing

@Suite struct GzipTests {
    @Test(arguments: GzipLevel.allCases)
    func roundTripsRandomBodiesInRandomPieces(level: GzipLevel) throws {
        var random = SeededGenerator(seed: 0xA9C5)
        for round in 0..<10 {
            let body = randomBody(&random, longest: 50_000)
            var encoder = try GzipEncoder(level: level)
            var packed = [UInt8]()
            for piece in pieces(of: body, &random) { try encoder.feed(piece, into: &packed) }
            try encoder.finish(into: &packed)
            try encoder.finish(into: &packed)

            var decoder = try GzipDecoder(limit: body.count)
            var plain = [UInt8]()
            for piece in pieces(of: packed, &random) { try decoder.feed(piece, into: &plain) }
            try decoder.finish()
            #expect(plain == body, "seed \(random.seed), round \(round)")
        }
    }

    @Test func compressesText() throws {
        let body = [UInt8](String(repeating: "apus_disk_size_bytes{mount=\"/srv\"} 1\n", count: 10_000).utf8)
        let packed = try Gzip.compress(body)
        #expect(packed.prefix(3) == [0x1f, 0x8b, 8])
        #expect(packed.count < body.count / 50)
    }

    @Test func aBombStopsAtTheLimit() throws {
        let packed = try Gzip.compress([UInt8](repeating: 0, count: 8 << 20))
        var decoder = try GzipDecoder(limit: 100_000)
        var plain = [UInt8]()
        let error = #expect(throws: ApusError.self) { try decoderFeed(&decoder, packed, &plain) }
        #expect(error?.code == "output-too-large")
        #expect(plain.count == 100_000)
    }

    @Test func exactlyTheLimitIsAllowed() throws {
        let body = [UInt8](repeating: 7, count: 65_536)
        let packed = try Gzip.compress(body)
        #expect(try Gzip.decompress(packed, limit: body.count) == body)
        #expect(throws: ApusError.self) { try Gzip.decompress(packed, limit: body.count - 1) }
        #expect(try Gzip.decompress(Gzip.compress([]), limit: 0) == [])
    }

    @Test func membersInARowAreOneStreamUnderOneLimit() throws {
        let two = try Gzip.compress([1, 2, 3]) + Gzip.compress([4, 5])
        #expect(try Gzip.decompress(two, limit: 5) == [1, 2, 3, 4, 5])
        #expect(failure(two, limit: 4) == "output-too-large")
    }

    @Test func damageIsTold() throws {
        let packed = try Gzip.compress([UInt8]("the swift stays in the air for ten months".utf8))
        for length in 0..<packed.count {
            #expect(failure([UInt8](packed.prefix(length))) == "gzip-truncated", "cut at \(length)")
        }
        var wrongChecksum = packed
        wrongChecksum[packed.count - 8] ^= 1
        #expect(failure(wrongChecksum) == "gzip-corrupt")
        #expect(failure(packed + [9, 9, 9]) == "gzip-corrupt")
        #expect(failure([UInt8]("no gzip at all".utf8)) == "gzip-corrupt")
    }

    @Test func aFinishedEncoderTakesNothing() throws {
        var encoder = try GzipEncoder()
        var output = [UInt8]()
        try encoder.finish(into: &output)
        do {
            try encoder.feed([1], into: &output)
            Issue.record("a finished encoder took a byte")
        } catch {
            #expect(error.code == "gzip-finished")
        }
    }

    private func failure(_ bytes: [UInt8], limit: Int = 1 << 20) -> String? {
        do {
            _ = try Gzip.decompress(bytes, limit: limit)
            return nil
        } catch {
            return error.code
        }
    }

    private func decoderFeed(_ decoder: inout GzipDecoder, _ bytes: [UInt8], _ output: inout [UInt8]) throws {
        try decoder.feed(bytes, into: &output)
    }

    private func randomBody(_ random: inout SeededGenerator, longest: Int) -> [UInt8] {
        let count = Int.random(in: 0...longest, using: &random)
        let alphabet = UInt8.random(in: 1...255, using: &random)
        return (0..<count).map { _ in UInt8.random(in: 0...alphabet, using: &random) }
    }

    private func pieces(of bytes: [UInt8], _ random: inout SeededGenerator) -> [[UInt8]] {
        var rest = bytes[...]
        var result = [[UInt8]]()
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 0...20_000, using: &random))
            result.append([UInt8](piece))
            rest = rest.dropFirst(piece.count)
        }
        return result
    }
}
