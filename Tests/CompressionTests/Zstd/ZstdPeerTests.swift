import Base
import Compression
import Glibc
import TestKit
import Testing

/// The zstd of Debian and two libraries from PyPI read what we write, and we read what they write.
@Suite(.timeLimit(.minutes(5))) struct ZstdPeerTests {
    private static let script = "Tests/peers/logs/zstd_files.py"

    private let folder: TemporaryFolder
    private let plain: [UInt8]

    init() throws {
        folder = try TemporaryFolder()
        var random = SeededGenerator(seed: 0xCA5)
        plain = ZstdSamples.log(lines: 60_000, &random)
        try Files.writeAtomically(plain, to: "\(folder.path)/plain")
    }

    @Test func othersReadOurFramesAndTheirTable() async throws {
        let (file, table) = try ZstdSamples.seekable(plain, frameBytes: 500_000, options: ZstdOptions(level: 3))
        try Files.writeAtomically(file, to: "\(folder.path)/ours.zst")
        try await checkByZstd()
        let listed = try await zstd("-l", "-v", "\(folder.path)/ours.zst")
        #expect(listed.contains("# Zstandard Frames: \(table.count)"), "\(listed)")
        #expect(listed.contains("# Skippable Frames: 1"), "\(listed)")
        #expect(listed.contains("XXH64"), "\(listed)")
        #expect(listed.contains("(\(plain.count) B)"), "\(listed)")

        try await python("expand", "ours.zst", "expanded", modules: ["zstandard"])
        #expect(try Files.read("\(folder.path)/expanded") == plain)
        try await python("slice", "ours.zst", "sliced", "1234567", "1000000", modules: ["pyzstd"])
        #expect(try Files.read("\(folder.path)/sliced") == [UInt8](plain[1_234_567..<2_234_567]))
    }

    @Test func othersReadOurLongFrames() async throws {
        var compressor = try ZstdStreamCompressor(options: ZstdOptions(level: 5, longWindowLog: 27, workers: 2))
        var packed = [UInt8]()
        for start in stride(from: 0, to: plain.count, by: 100_000) {
            try compressor.feed([UInt8](plain[start..<min(plain.count, start + 100_000)]).span, into: &packed)
        }
        try compressor.finishFrame(into: &packed)
        try Files.writeAtomically(packed, to: "\(folder.path)/ours.zst")
        try await checkByZstd()
        try await python("expand", "ours.zst", "expanded", modules: ["zstandard"])
        #expect(try Files.read("\(folder.path)/expanded") == plain)
    }

    @Test(arguments: [["-3"], ["-1", "--no-check"], ["--long=27", "-T2", "-5"], ["--ultra", "-22"]])
    func weReadWhatZstdWrites(options: [String]) async throws {
        try await zstd(options + ["-q", "-o", "\(folder.path)/theirs.zst", "\(folder.path)/plain"])
        let packed = try Files.read("\(folder.path)/theirs.zst")
        #expect(try Zstd.decompress(packed, limit: plain.count) == plain)
    }

    @Test func weReadTheTableThatPyzstdWrites() async throws {
        try await python("seekable", "plain", "theirs.zst", "100000", modules: ["pyzstd"])
        let file = try Files.read("\(folder.path)/theirs.zst")
        let table = try ZstdSeekTable(tail: file, fileSize: Int64(file.count))
        #expect(table.plainBytes == Int64(plain.count))
        #expect(table.count == (plain.count + 99_999) / 100_000)
        #expect(try Zstd.decompress(file, limit: plain.count) == plain)
    }

    /// `zstd -t` and `zstd -d` take the whole file, and give what we put in.
    private func checkByZstd() async throws {
        try await zstd("-t", "-q", "\(folder.path)/ours.zst")
        try await zstd("-d", "-q", "-o", "\(folder.path)/back", "\(folder.path)/ours.zst")
        #expect(try Files.read("\(folder.path)/back") == plain)
    }

    @discardableResult
    private func zstd(_ arguments: String...) async throws -> String { try await zstd(arguments) }

    @discardableResult
    private func zstd(_ arguments: [String]) async throws -> String {
        let (code, output, errors) = try await ChildProcess.run("zstd", arguments, folder: folder.path)
        #expect(code == 0, "zstd \(arguments): \(output)\(errors)")
        return output + errors
    }

    private func python(
        _ verb: String, _ source: String, _ target: String, _ numbers: String..., modules: [String]
    ) async throws {
        let words = [verb, "\(folder.path)/\(source)", "\(folder.path)/\(target)"] + numbers
        try await PythonPeer.run(ZstdPeerTests.script, words, modules: modules, folder: folder)
    }
}
