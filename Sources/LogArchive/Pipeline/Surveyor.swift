package import Base
import CLinux
import Crypto

/// Reads a generation once, before it is sealed: how many lines, which times, which SHA-256. What an object's metadata says
/// must be known before its first part leaves.
///
/// Cost: one read of the file; 0.6 CPU seconds a gigabyte with the processor's SHA instructions, which is most of it.
package struct Surveyor: Sendable {
    private static let piece = 1 << 20
    /// The last line with a time is looked for in so many last bytes.
    private static let tail = 64 << 10

    package let time: LineTime

    package init(time: LineTime) {
        self.time = time
    }

    /// - Throws: what the disk throws, or `file-changed` when it is shorter than `size`.
    package func survey(_ file: any LogFile, size: Int64) throws(ApusError) -> Survey {
        var survey = Survey()
        var digest = SHA256()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Surveyor.piece, alignment: 16)
        defer { buffer.deallocate() }
        while survey.bytes < size {
            let wanted = min(Int64(Surveyor.piece), size - survey.bytes)
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(wanted)])
            let count = try file.read(at: survey.bytes, into: room)
            guard count > 0 else {
                throw ApusError(code: "file-changed", "it has become shorter while it was read")
            }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            digest.update(bufferPointer: bytes)
            survey.lines += Int64(
                apus_count_byte(bytes.assumingMemoryBound(to: UInt8.self).baseAddress, count, UInt8(ascii: "\n")))
            if survey.firstTime == nil, survey.bytes == 0 { survey.firstTime = firstTime(bytes) }
            survey.bytes += Int64(count)
        }
        survey.sha256 = Hexadecimal.text(digest.finalize())
        survey.lastTime = try lastTime(file, size) ?? survey.firstTime
        return survey
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
