import Base
import Compression
import TestKit

/// What the tests of zstd share.
enum ZstdSamples {
    /// Lines as nginx writes them, alike enough to compress and different enough to be told apart.
    static func log(lines: Int, _ random: inout SeededGenerator) -> [UInt8] {
        var text = ""
        for line in 0..<lines {
            text += "10.0.\(UInt8.random(in: 0...9, using: &random)).7 - - \"GET /items/\(line) HTTP/1.1\" 200 "
            text += "\(Int.random(in: 0...99_999, using: &random))\n"
        }
        return [UInt8](text.utf8)
    }

    static func body(longest: Int, _ random: inout SeededGenerator) -> [UInt8] {
        let alphabet = UInt8.random(in: 1...255, using: &random)
        let count = Int.random(in: 0...longest, using: &random)
        return (0..<count).map { _ in UInt8.random(in: 0...alphabet, using: &random) }
    }

    static func pieces(of bytes: [UInt8], longest: Int = 20_000, _ random: inout SeededGenerator) -> [[UInt8]] {
        var rest = bytes[...]
        var result = [[UInt8]]()
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 0...longest, using: &random))
            result.append([UInt8](piece))
            rest = rest.dropFirst(piece.count)
        }
        return result
    }

    /// Frames of `frameBytes` plain bytes each and the table behind them.
    static func seekable(
        _ plain: [UInt8], frameBytes: Int, options: ZstdOptions = ZstdOptions()
    ) throws -> (file: [UInt8], table: ZstdSeekTable) {
        var compressor = try ZstdFrameCompressor(options: options)
        var file = [UInt8]()
        var table = ZstdSeekTable()
        for start in stride(from: 0, to: plain.count, by: frameBytes) {
            let before = file.count
            let piece = [UInt8](plain[start..<min(plain.count, start + frameBytes)])
            try compressor.compress(piece.span, into: &file)
            try table.append(compressed: file.count - before, decompressed: piece.count)
        }
        return (file + table.encoded(), table)
    }

    /// What the decoder says to the whole of `bytes`: nil when it takes them.
    static func failure(_ bytes: [UInt8], limit: Int = 1 << 20, windowLogMax: Int = 27) -> String? {
        do {
            _ = try Zstd.decompress(bytes, limit: limit, windowLogMax: windowLogMax)
            return nil
        } catch {
            return error.code
        }
    }
}
