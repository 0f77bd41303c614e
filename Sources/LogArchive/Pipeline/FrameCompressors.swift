import Base
import Compression
import Synchronization

/// Makes frames of pieces: each can be read by itself. zstd's contexts are kept between frames, one for each piece that is
/// compressed at the same time, and so is the memory of frames that are given back.
final class FrameCompressors: Sendable {
    private let recipe: SealRecipe
    private let idle = Mutex<[ZstdBox]>([])
    private let spare = Mutex<[[UInt8]]>([])

    private final class ZstdBox: Sendable {
        let compressor: Mutex<ZstdFrameCompressor>

        init(_ options: ZstdOptions) throws(ApusError) {
            compressor = Mutex(try ZstdFrameCompressor(options: options))
        }
    }

    init(_ recipe: SealRecipe) {
        self.recipe = recipe
    }

    /// Takes back the memory of a frame that nobody needs any more.
    func give(_ frame: consuming [UInt8]) {
        let frame = frame
        spare.withLock { $0.append(frame) }
    }

    private func emptyFrame() -> [UInt8] {
        var frame = spare.withLock { $0.popLast() } ?? []
        frame.removeAll(keepingCapacity: true)
        return frame
    }

    /// The frame of `plain`, or `plain` itself where nothing is compressed.
    func frame(_ plain: UnsafeRawBufferPointer) throws(ApusError) -> [UInt8] {
        switch recipe.compression {
        case .none: return Array(plain)
        case .gzip:
            var output: [UInt8] = []
            var encoder = try GzipEncoder(level: GzipLevel(recipe.level) ?? .standard)
            try encoder.feed(plain.assumingMemoryBound(to: UInt8.self).span, into: &output)
            try encoder.finish(into: &output)
            return output
        case .zstd:
            let kept = idle.withLock { $0.popLast() }
            let box = if let kept { kept } else { try ZstdBox(ZstdOptions(level: recipe.level)) }
            defer { idle.withLock { $0.append(box) } }
            var output = emptyFrame()
            let result = box.compressor.withLock { compressor in
                Result { () throws(ApusError) in try compressor.compress(plain, into: &output) }
            }
            try result.get()
            return output
        }
    }
}
