import Base
import Compression
import TestKit
import Testing

@Suite(.timeLimit(.minutes(5))) struct ZstdTests {
    @Test(arguments: [1, 3, 9, 19])
    func framesRoundTripInRandomPieces(level: Int) throws {
        var random = SeededGenerator(seed: 0x25D)
        var compressor = try ZstdFrameCompressor(options: ZstdOptions(level: level))
        for round in 0..<10 {
            let bodies = (0..<3).map { _ in ZstdSamples.body(longest: 60_000, &random) }
            var packed = [UInt8]()
            for body in bodies { try compressor.compress(body.span, into: &packed) }
            let whole = bodies.flatMap { $0 }
            var decoder = try ZstdDecoder(limit: whole.count)
            var plain = [UInt8]()
            for piece in ZstdSamples.pieces(of: packed, &random) { try decoder.feed(piece, into: &plain) }
            try decoder.finish()
            #expect(plain == whole, "seed \(random.seed), round \(round)")
            #expect(decoder.frameCount == 3)
        }
    }

    @Test(arguments: [
        ZstdOptions(level: 1), ZstdOptions(level: 9, longWindowLog: 24), ZstdOptions(level: 3, workers: 2),
        ZstdOptions(level: 5, checksum: false, longWindowLog: 20, workers: 1),
    ])
    func aStreamRoundTripsAndBeginsTheNextFrame(options: ZstdOptions) throws {
        var random = SeededGenerator(seed: 0x57)
        var compressor = try ZstdStreamCompressor(options: options)
        var packed = [UInt8]()
        let first = ZstdSamples.log(lines: 40_000, &random)
        let second = ZstdSamples.log(lines: 10, &random)
        for body in [first, second, []] {
            for piece in ZstdSamples.pieces(of: body, longest: 300_000, &random) {
                try compressor.feed(piece.span, into: &packed)
            }
            try compressor.finishFrame(into: &packed)
        }
        #expect(packed.count < first.count / 3)
        var decoder = try ZstdDecoder(limit: first.count + second.count)
        var plain = [UInt8]()
        for piece in ZstdSamples.pieces(of: packed, &random) { try decoder.feed(piece, into: &plain) }
        try decoder.finish()
        #expect(plain == first + second)
        #expect(decoder.frameCount == 3)
    }

    @Test func aLongWindowFindsWhatAUsualOneForgets() throws {
        var random = SeededGenerator(seed: 0x10)
        let noise = (0..<(3 << 20)).map { _ in UInt8.random(in: 0...255, using: &random) }
        var sizes = [Int]()
        for windowLog in [20, 24] {
            var compressor = try ZstdStreamCompressor(options: ZstdOptions(longWindowLog: windowLog))
            var packed = [UInt8]()
            try compressor.feed(noise.span, into: &packed)
            try compressor.feed(noise.span, into: &packed)
            try compressor.finishFrame(into: &packed)
            sizes.append(packed.count)
        }
        #expect(sizes[0] > noise.count * 19 / 10)
        #expect(sizes[1] < noise.count * 11 / 10)
    }

    @Test(arguments: [
        ZstdOptions(level: 0), ZstdOptions(level: 23), ZstdOptions(longWindowLog: 9), ZstdOptions(longWindowLog: 32),
        ZstdOptions(workers: -1), ZstdOptions(workers: 65),
    ])
    func whatIsOutOfItsRangeIsRefused(options: ZstdOptions) {
        do {
            _ = try ZstdFrameCompressor(options: options)
            Issue.record("\(options) was taken")
        } catch {
            #expect(error.code == "zstd-options")
        }
    }

    @Test func everyCutIsTold() throws {
        let packed = try Zstd.compress([UInt8](String(repeating: "the swift sleeps on the wing ", count: 40).utf8))
        for length in 0..<packed.count {
            #expect(ZstdSamples.failure([UInt8](packed.prefix(length))) == "zstd-truncated", "cut at \(length)")
        }
        #expect(ZstdSamples.failure(packed) == nil)
        #expect(ZstdSamples.failure(packed + [0x28]) == "zstd-truncated")
        #expect(ZstdSamples.failure(packed + [9, 9, 9, 9, 9]) == "zstd-corrupt")
        #expect(ZstdSamples.failure([UInt8]("no zstd at all".utf8)) == "zstd-corrupt")
    }

    /// Few bits mean nothing (RFC 8878, section 3.1.1.1.1); every other one is noticed.
    @Test func noFlippedBitChangesTheContent() throws {
        let plain = [UInt8](String(repeating: "the swift sleeps on the wing ", count: 40).utf8)
        let packed = try Zstd.compress(plain)
        for bit in 0..<(packed.count * 8) {
            var flipped = packed
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            guard ZstdSamples.failure(flipped) == nil else { continue }
            #expect(try Zstd.decompress(flipped, limit: 1 << 20) == plain, "bit \(bit)")
        }
    }

    @Test func aBombStopsAtTheLimit() throws {
        let packed = try Zstd.compress([UInt8](repeating: 0, count: 64 << 20), options: ZstdOptions(level: 19))
        #expect(packed.count < 10_000)
        var decoder = try ZstdDecoder(limit: 100_000)
        var plain = [UInt8]()
        do {
            try decoder.feed(packed, into: &plain)
            Issue.record("more than the limit was given")
        } catch {
            #expect(error.code == "output-too-large")
        }
        #expect(plain.count == 100_000)
        do {
            try decoder.feed(packed, into: &plain)
            Issue.record("a failed decoder went on")
        } catch {
            #expect(error.code == "zstd-corrupt")
        }
    }

    @Test func exactlyTheLimitIsAllowed() throws {
        let body = [UInt8](repeating: 7, count: 262_144)
        let two = try Zstd.compress(body) + Zstd.compress([1])
        #expect(try Zstd.decompress(two, limit: body.count + 1) == body + [1])
        #expect(ZstdSamples.failure(two, limit: body.count) == "output-too-large")
        #expect(try Zstd.decompress(Zstd.compress([]), limit: 0) == [])
    }

    @Test func aWindowIsTakenOnlyWhenAllowed() throws {
        var compressor = try ZstdStreamCompressor(options: ZstdOptions(longWindowLog: 28))
        var packed = [UInt8]()
        try compressor.feed([1, 2, 3].span, into: &packed)
        // The frame's header goes out before its size is known, so it has to claim the whole window.
        try compressor.feed([UInt8](repeating: 0, count: 1 << 20).span, into: &packed)
        try compressor.finishFrame(into: &packed)
        #expect(ZstdSamples.failure(packed, limit: 2 << 20) == "zstd-window")
        #expect(ZstdSamples.failure(packed, limit: 2 << 20, windowLogMax: 28) == nil)
        #expect(ZstdSamples.failure(packed, windowLogMax: 32) == "zstd-options")
    }

    @Test func noiseNeverDoesMoreThanFail() {
        var random = SeededGenerator(seed: 0xF22)
        let known: Set = ["zstd-corrupt", "zstd-truncated", "output-too-large", "zstd-window"]
        for round in 0..<1000 {
            var bytes = (try? Zstd.compress(ZstdSamples.body(longest: 3000, &random))) ?? []
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            let failure = ZstdSamples.failure(bytes, limit: 10_000)
            #expect(failure.map(known.contains) ?? true, "seed \(random.seed), round \(round): \(failure ?? "")")
        }
    }
}
