import Base
import Compression
import TestKit
import Testing

@Suite struct ZstdSeekTableTests {
    @Test(arguments: [0, 1, 999, 1000, 1001, 25_000])
    func isReadAsWritten(size: Int) throws {
        var random = SeededGenerator(seed: 0x5EEC)
        let plain = (0..<size).map { _ in UInt8.random(in: 0...20, using: &random) }
        let (file, table) = try ZstdSamples.seekable(plain, frameBytes: 1000)
        #expect(table.count == (size + 999) / 1000)
        #expect(try ZstdSeekTable.tableSize(fromFooter: file) == table.encodedSize)
        #expect(try ZstdSeekTable(tail: file, fileSize: Int64(file.count)) == table)
        let tail = [UInt8](file.suffix(table.encodedSize))
        #expect(try ZstdSeekTable(tail: tail, fileSize: Int64(file.count)) == table)
        #expect(try Zstd.decompress(file, limit: size) == plain)
    }

    @Test func framesAreFoundForEveryRange() throws {
        var table = ZstdSeekTable()
        // Frames without content are allowed, and never needed.
        for plain in [10, 0, 5, 20, 0] { try table.append(compressed: 3, decompressed: plain) }
        for start in 0...40 {
            for end in start...45 {
                let found = table.frames(for: Int64(start)..<Int64(end))
                let wanted = (0..<table.count).filter { table[$0].plain.overlaps(Int64(start)..<Int64(end)) }
                #expect(wanted.allSatisfy(found.contains), "\(start)..<\(end)")
                #expect(found.isEmpty == wanted.isEmpty, "\(start)..<\(end)")
                #expect(found.first == wanted.first && found.last == wanted.last, "\(start)..<\(end)")
            }
        }
        #expect(table.frames(for: -5 ..< -1).isEmpty)
        #expect(table.frames(for: Int64.min..<Int64.max) == 0..<4)
        #expect(table[3].compressed == 9..<12)
        #expect(table[3].plain == 15..<35)
    }

    @Test func aSliceIsReadFromItsFramesAlone() throws {
        var random = SeededGenerator(seed: 0x51)
        let plain = ZstdSamples.log(lines: 5000, &random)
        let (file, table) = try ZstdSamples.seekable(plain, frameBytes: 10_000)
        for _ in 0..<50 {
            let start = Int.random(in: 0..<plain.count, using: &random)
            let end = Int.random(in: start..<plain.count, using: &random)
            let frames = table.frames(for: Int64(start)..<Int64(end))
            guard !frames.isEmpty else { continue }
            let from = table[frames.lowerBound]
            let bytes = file[Int(from.compressed.lowerBound)..<Int(table[frames.upperBound - 1].compressed.upperBound)]
            let part = try Zstd.decompress([UInt8](bytes), limit: plain.count)
            #expect(part[(start - Int(from.plain.lowerBound))...].prefix(end - start) == plain[start..<end])
        }
    }

    /// A table of two frames (5 and 6 bytes of 10 and 20), which one row each spoils.
    private static let good: [UInt8] =
        [UInt8](repeating: 0, count: 11) + [
            0x5E, 0x2A, 0x4D, 0x18, 25, 0, 0, 0, 5, 0, 0, 0, 10, 0, 0, 0, 6, 0, 0, 0, 20, 0, 0, 0, 2, 0, 0, 0, 0, 0xB1,
            0xEA, 0x92, 0x8F,
        ]

    struct Spoilt: Sendable, CustomTestStringConvertible {
        let what: String
        let place: Int
        let bytes: [UInt8]
        let code: String
        var testDescription: String { what }
    }

    @Test(arguments: [
        Spoilt(what: "nothing", place: 0, bytes: [], code: ""),
        Spoilt(what: "bits that mean nothing", place: 39, bytes: [3], code: ""),
        Spoilt(what: "another magic at the end", place: 43, bytes: [0x8E], code: "zstd-no-seek-table"),
        Spoilt(what: "a reserved bit", place: 39, bytes: [4], code: "zstd-seek-table"),
        Spoilt(what: "checksums that are not there", place: 39, bytes: [0x80], code: "zstd-seek-table"),
        Spoilt(what: "one frame less", place: 35, bytes: [1], code: "zstd-seek-table"),
        Spoilt(what: "one frame more", place: 35, bytes: [3], code: "zstd-seek-table"),
        Spoilt(what: "all the frames there are", place: 35, bytes: [255, 255, 255, 255], code: "zstd-seek-table"),
        Spoilt(what: "another magic", place: 11, bytes: [0x5D], code: "zstd-seek-table"),
        Spoilt(what: "another size of the frame", place: 15, bytes: [24], code: "zstd-seek-table"),
        Spoilt(what: "a frame beyond the file", place: 19, bytes: [5, 0, 0, 255], code: "zstd-seek-table"),
        Spoilt(what: "frames that do not reach the table", place: 19, bytes: [4], code: "zstd-seek-table"),
        Spoilt(what: "a frame of no bytes", place: 19, bytes: [0, 0, 0, 0], code: "zstd-seek-table"),
        Spoilt(what: "content of 4 GiB", place: 23, bytes: [255, 255, 255, 255], code: "zstd-seek-table"),
    ])
    func hostileTablesAreRefused(spoilt: Spoilt) {
        var file = ZstdSeekTableTests.good
        file.replaceSubrange(spoilt.place..<(spoilt.place + spoilt.bytes.count), with: spoilt.bytes)
        #expect(failure(file) == spoilt.code)
    }

    @Test func cutTablesAreRefused() {
        for length in 0..<ZstdSeekTableTests.good.count {
            #expect(failure([UInt8](ZstdSeekTableTests.good.prefix(length))) == "zstd-no-seek-table")
        }
        for start in 1..<33 {
            #expect(failure([UInt8](ZstdSeekTableTests.good.dropFirst(start))) != "", "from \(start) on")
        }
    }

    @Test func noiseNeverDoesMoreThanFail() {
        var random = SeededGenerator(seed: 0xF00)
        for _ in 0..<20_000 {
            var file = ZstdSeekTableTests.good
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                file[Int.random(in: 0..<file.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            #expect(["", "zstd-seek-table", "zstd-no-seek-table"].contains(failure(file)), "seed \(random.seed)")
        }
    }

    @Test func whatTheFormatCannotHoldIsNotAppended() {
        for (compressed, plain) in [(0, 1), (-1, 1), (1 << 32, 1), (1, -1), (1, (1 << 30) + 1)] {
            var table = ZstdSeekTable()
            #expect(throws: ApusError.self) { try table.append(compressed: compressed, decompressed: plain) }
            #expect(table.count == 0)
        }
    }

    private func failure(_ file: [UInt8]) -> String {
        do {
            _ = try ZstdSeekTable(tail: file, fileSize: Int64(file.count))
            return ""
        } catch {
            return error.code
        }
    }
}
