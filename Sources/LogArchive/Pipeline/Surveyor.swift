package import Base
import CLinux
import Crypto
import Synchronization

/// Reads a generation once, before it is sealed: how many lines, which times, which SHA-256. What an object's metadata says
/// must be known before its first part leaves.
///
/// Cost: one read of the file; 0.6 CPU seconds a gigabyte with the processor's SHA instructions, which is most of it. A piece
/// is hashed while the next is read and its lines are counted: with a free processor the hash is all of the time that it takes.
/// Memory: two pieces.
package struct Surveyor: Sendable {
    private static let piece = 512 << 10
    /// What is read at a time stays in the processor's nearest cache until its lines are counted.
    private static let readBytes = 64 << 10
    /// The last line with a time is looked for in so many last bytes.
    private static let tail = 64 << 10

    package let time: LineTime

    package init(time: LineTime) {
        self.time = time
    }

    /// - Throws: what the disk throws, or `file-changed` when it is shorter than `size`; `CancellationError`.
    package func survey(_ file: any LogFile, size: Int64, pace: WorkPace) async throws -> Survey {
        var survey = Survey()
        let digest = PieceDigest()
        let buffers = PlainBuffers(size: Surveyor.piece)
        var next = try read(file, buffers.take(), size, &survey)
        while let piece = next {
            let isLast = survey.bytes == size
            async let isHashed: Void = pace.work { digest.update(piece) }
            next = isLast ? nil : try read(file, buffers.take(), size, &survey)
            try await isHashed
            buffers.give(piece.buffer)
        }
        survey.sha256 = digest.text()
        survey.lastTime = try lastTime(file, size) ?? survey.firstTime
        return survey
    }

    /// The next piece, with its lines counted; nil at the end.
    private func read(
        _ file: any LogFile, _ buffer: PlainBuffers.Buffer, _ size: Int64, _ survey: inout Survey
    ) throws(ApusError) -> Piece? {
        let wanted = Int(min(Int64(Surveyor.piece), size - survey.bytes))
        guard wanted > 0 else { return nil }
        var done = 0
        while done < wanted {
            let end = min(wanted, done + Surveyor.readBytes)
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[done..<end])
            let count = try file.read(at: survey.bytes + Int64(done), into: room)
            guard count > 0 else { throw ApusError(code: "file-changed", "it has become shorter while it was read") }
            let start = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
            survey.lines += Int64(apus_count_byte(start, count, UInt8(ascii: "\n")))
            done += count
        }
        let piece = Piece(buffer: buffer, count: done)
        if survey.bytes == 0 { survey.firstTime = firstTime(piece.bytes) }
        survey.bytes += Int64(done)
        return piece
    }

    private struct Piece: Sendable {
        let buffer: PlainBuffers.Buffer
        let count: Int

        var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count]) }
    }

    /// The digest of the pieces, one after the other; each is hashed by whichever thread is free.
    private final class PieceDigest: Sendable {
        private let digest = Mutex(SHA256())

        func update(_ piece: Piece) { digest.withLock { $0.update(bufferPointer: piece.bytes) } }
        func text() -> String { Hexadecimal.text(digest.withLock { $0.finalize() }) }
    }

    /// The first time among the first 20 lines.
    func firstTime(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        var rest = bytes[...]
        for _ in 0..<20 where !rest.isEmpty {
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            if let time = time.milliseconds(UnsafeRawBufferPointer(rebasing: line)) { return time }
            rest = rest.dropFirst(line.count + 1)
        }
        return nil
    }

    private func lastTime(_ file: any LogFile, _ size: Int64) throws(ApusError) -> Int64? {
        let start = max(0, size - Int64(Surveyor.tail))
        let bytes = try file.read(at: start, count: Int(size - start))
        return bytes.withUnsafeBytes { all in
            var rest = all[...]
            for _ in 0..<20 where !rest.isEmpty {
                if rest.last == UInt8(ascii: "\n") { rest = rest.dropLast() }
                let begin = rest.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? rest.startIndex
                if let time = time.milliseconds(UnsafeRawBufferPointer(rebasing: rest[begin...])) { return time }
                rest = rest[..<begin]
            }
            return nil
        }
    }
}
