import Base
import Compression
import Envelope

/// Makes the sealed bytes of a generation: plain file → frames → index of times and seek table → envelope, cut into parts.
///
/// Cost a gigabyte of access log at zstd level 3: 3 CPU seconds of zstd, 0.05 of AES-GCM; one copy from the kernel, one
/// into the frame, one of the eighth that is left, out of the frame. Memory:
/// `threads` plain frames and compressors, one compressed frame more, and one part.
struct SealedStream: Sendable {
    let recipe: SealRecipe
    let key: DataKey?
    let file: any LogFile
    /// Plain bytes.
    let size: Int64
    let surveyor: Surveyor
    let threads: Int
    let pace: WorkPace

    private struct Frame: Sendable {
        let index: Int
        let plainBytes: Int
        let bytes: [UInt8]
        let time: Int64?
    }

    /// Gives `sink` one part after the other, all of `partBytes` but the last, which has at least one byte.
    ///
    /// - Parameters:
    ///   - spares: where the sink gives parts back that it needs no more.
    ///   - progress: told the plain bytes that are behind us.
    /// - Throws: `file-changed` where the file is shorter than `size`; what disk, compressor and sink throw.
    func run(
        partBytes: Int, spares: SpareParts, progress: (Int64) -> Void,
        _ sink: (_ part: [UInt8], _ isLast: Bool) async throws -> Void
    ) async throws {
        let sealer = try PartSealer(recipe: recipe, key: key, partBytes: partBytes, spares: spares)
        func feed(_ bytes: [UInt8]) async throws {
            for start in stride(from: 0, to: bytes.count, by: PartSealer.feedBytes) {
                try sealer.feed(bytes[start..<min(start + PartSealer.feedBytes, bytes.count)])
                while let part = sealer.take() { try await sink(part, false) }
            }
        }
        var table = ZstdSeekTable()
        var index = TimeIndex()
        var done: Int64 = 0
        try await frames { frame in
            if recipe.compression == .zstd {
                try table.append(compressed: frame.bytes.count, decompressed: frame.plainBytes)
                index.times.append(frame.time)
            }
            try await feed(frame.bytes)
            done += Int64(frame.plainBytes)
            progress(done)
        }
        // Whatever is wrong above: nothing is sealed as whole that is not.
        guard done == size else { throw ApusError(code: "seal-incomplete", "\(done) of \(size) bytes were sealed") }
        if recipe.compression == .zstd {
            let times = index.encoded()
            // The index is a frame without content to the table, whose offsets are sums of what stands before.
            try table.append(compressed: times.count, decompressed: 0)
            try await feed(times)
            try await feed(table.encoded())
        }
        try sealer.finish()
        while let part = sealer.take() { try await sink(part, false) }
        try await sink(sealer.rest(), true)
    }

    /// Calls `body` with each frame in order, while the next are being made.
    private func frames(_ body: (Frame) async throws -> Void) async throws {
        if recipe.long != nil { return try await longFrames(body) }
        let size = Int64(recipe.frameBytes)
        let count = Int((self.size + size - 1) / size)
        let compressors = FrameCompressors(recipe)
        let buffers = PlainBuffers(size: recipe.frameBytes)
        try await withThrowingTaskGroup(of: Frame.self) { group in
            let lanes = max(1, threads)
            var begun = 0
            var waiting: [Int: Frame] = [:]
            func begin(before end: Int) {
                while begun < min(count, end) {
                    let index = begun
                    group.addTask { try await self.frame(index, compressors, buffers) }
                    begun += 1
                }
            }
            for next in 0..<count {
                begin(before: next + lanes)
                while waiting[next] == nil, let frame = try await group.next() { waiting[frame.index] = frame }
                guard let frame = waiting.removeValue(forKey: next) else { break }
                // Its thread is free: as many as before are compressed while this one is encrypted and sent.
                begin(before: next + 1 + lanes)
                try await body(frame)
                compressors.give(frame.bytes)
            }
        }
    }

    private func frame(_ index: Int, _ compressors: FrameCompressors, _ buffers: PlainBuffers) async throws -> Frame {
        let buffer = buffers.take()
        defer { buffers.give(buffer) }
        let start = Int64(index) * Int64(recipe.frameBytes)
        let wanted = Int(min(Int64(recipe.frameBytes), size - start))
        return try await pace.work {
            let plain = try fill(buffer, at: start, wanted)
            return Frame(
                index: index, plainBytes: wanted, bytes: try compressors.frame(plain),
                time: recipe.compression == .zstd ? surveyor.firstTime(plain) : nil)
        }
    }

    private func fill(
        _ buffer: PlainBuffers.Buffer, at start: Int64, _ wanted: Int
    ) throws(ApusError) -> UnsafeRawBufferPointer {
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<wanted])
        guard try file.read(at: start, into: room) == wanted else {
            throw ApusError(code: "file-changed", "it has become shorter while it was read")
        }
        return UnsafeRawBufferPointer(room)
    }

    /// Long mode: one compressor with a large window goes through each frame in pieces, with threads of zstd's own.
    private func longFrames(_ body: (Frame) async throws -> Void) async throws {
        let piece = 1 << 20
        let buffer = PlainBuffers(size: piece).take()
        let compressor = LongCompressor(
            try ZstdStreamCompressor(
                options: ZstdOptions(
                    level: recipe.level, longWindowLog: recipe.long, workers: threads > 1 ? threads : 0)))
        var position: Int64 = 0
        var index = 0
        while position < size {
            let end = min(size, position + Int64(recipe.frameBytes))
            let start = position
            var time: Int64?
            var output: [UInt8] = []
            while position < end {
                let wanted = Int(min(Int64(piece), end - position))
                let plain = try fill(buffer, at: position, wanted)
                if position == start { time = surveyor.firstTime(plain) }
                try compressor.feed(plain, into: &output)
                position += Int64(wanted)
                try Task.checkCancellation()
            }
            try compressor.finishFrame(into: &output)
            try await body(Frame(index: index, plainBytes: Int(end - start), bytes: output, time: time))
            index += 1
        }
    }
}

/// A compressor that a closure can hold.
private final class LongCompressor {
    private var compressor: ZstdStreamCompressor

    init(_ compressor: consuming ZstdStreamCompressor) {
        self.compressor = compressor
    }

    func feed(_ plain: UnsafeRawBufferPointer, into output: inout [UInt8]) throws(ApusError) {
        try compressor.feed(plain, into: &output)
    }

    func finishFrame(into output: inout [UInt8]) throws(ApusError) {
        try compressor.finishFrame(into: &output)
    }
}
