import Base
import Compression

/// A decoder that a method with suspensions can hold. What it gives, it gives in pieces of `mostOutput` and a step of the
/// decoder (128 KiB), whatever the ratio: memory does not grow with what a frame opens to.
final class Unpacker {
    /// Bytes.
    static let mostOutput = 768 << 10
    private var zstd: ZstdDecoder?
    private var gzip: GzipDecoder?

    /// - Parameter windowLogMax: Frames that need a larger window (2^this bytes) are refused.
    init(_ algorithm: CompressSettings.Algorithm, windowLogMax: Int) throws(ApusError) {
        switch algorithm {
        case .zstd: zstd = try ZstdDecoder(limit: Int.max, windowLogMax: windowLogMax)
        case .gzip: gzip = try GzipDecoder(limit: Int.max)
        case .none: break
        }
    }

    func feed(_ bytes: [UInt8], _ sink: ([UInt8]) async throws -> Void) async throws {
        guard zstd != nil || gzip != nil else { return try await sink(bytes) }
        var position = 0
        var isMore = true
        while isMore {
            var output: [UInt8] = []
            isMore =
                try zstd?.advance(bytes, &position, atMost: Unpacker.mostOutput, into: &output)
                ?? gzip?.advance(bytes, &position, atMost: Unpacker.mostOutput, into: &output) ?? false
            if !output.isEmpty { try await sink(output) }
        }
    }

    func finish(isEmpty: Bool) throws(ApusError) {
        if isEmpty { return }
        try zstd?.finish()
        try gzip?.finish()
    }
}
