import Base
import Envelope
import Glibc
import TestKit

/// What the tests of sealed streams share.
enum StreamSamples {
    static let key = DataKey((0..<32).map { UInt8($0) })
    static let otherKey = DataKey((0..<32).map { UInt8($0 + 1) })
    static let associated = Array("host and file".utf8)
    static let first = SegmentLayout.segmentBytes - SegmentLayout.headerBytes - SegmentLayout.tagBytes
    static let next = SegmentLayout.segmentBytes - SegmentLayout.tagBytes

    /// Bytes that repeat nowhere near a segment's length.
    static func content(_ count: Int) -> [UInt8] {
        var random = SeededGenerator(seed: 0xC0)
        var bytes = [UInt8]()
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// As `memcmp` sees it: element by element, millions of bytes take seconds in a debug build.
    static func isBeginning(_ bytes: [UInt8], of whole: [UInt8]) -> Bool {
        bytes.count <= whole.count && memcmp(bytes, whole, bytes.count) == 0
    }

    static func pieces(of bytes: [UInt8], _ random: inout SeededGenerator) -> [[UInt8]] {
        var rest = bytes[...]
        var result = [[UInt8]]()
        while !rest.isEmpty {
            // Small and large ones, so that both ways through the buffers are taken.
            let longest = Bool.random(using: &random) ? 3 << 20 : 400_000
            let piece = rest.prefix(Int.random(in: 0...longest, using: &random))
            result.append([UInt8](piece))
            rest = rest.dropFirst(piece.count)
        }
        return result
    }

    static func seal(
        _ plain: [UInt8], key: DataKey = key, associated: [UInt8] = associated, salt: [UInt8]? = nil,
        prefix: [UInt8]? = nil
    ) throws -> [UInt8] {
        var sealer = try StreamSealer(key: key, associatedData: associated, salt: salt, noncePrefix: prefix)
        var output = [UInt8]()
        try sealer.feed(plain.span, into: &output)
        try sealer.finish(into: &output)
        return output
    }

    /// The content as far as it was given, and the code of what stopped it (empty for nothing).
    static func open(
        _ pieces: [[UInt8]], key: DataKey = key, associated: [UInt8] = associated, streamBytes: Int64? = nil
    ) -> (plain: [UInt8], code: String) {
        var opener = StreamOpener(key: key, associatedData: associated, streamBytes: streamBytes)
        var output = [UInt8]()
        do throws(ApusError) {
            for piece in pieces { try opener.feed(piece.span, into: &output) }
            try opener.finish(into: &output)
            return (output, "")
        } catch {
            return (output, error.code)
        }
    }
}
