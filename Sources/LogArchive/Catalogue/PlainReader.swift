package import Base
import Compression
package import Envelope

/// Gives the plain content of a sealed source: opened, decompressed, whole or a slice. What it is packed with is told by its
/// first bytes and not by its name.
package struct PlainReader: Sendable {
    private static let piece: Int64 = 4 << 20

    private enum Packing { case zstd, gzip, none }

    private let source: any ByteSource
    private let packing: Packing
    /// Of the envelope; nil where there is none.
    package let header: EnvelopeHeader?

    /// - Throws: as `EnvelopeSource.open`.
    package init(_ source: any ByteSource, keys: any KeyDirectory) async throws {
        let envelope = try await EnvelopeSource.open(source, keys)
        header = envelope?.header
        let inner: any ByteSource = envelope ?? source
        self.source = inner
        switch header?.compression {
        case "zstd": packing = .zstd
        case "gzip": packing = .gzip
        case .some: packing = .none
        case nil: packing = PlainReader.packing(try await inner.read(0..<min(4, inner.size)))
        }
    }

    /// By magic numbers: of a zstd frame, of our skippable frames (an empty log has no others), of gzip.
    private static func packing(_ first: [UInt8]) -> Packing {
        let zstd: [[UInt8]] = [[0x28, 0xB5, 0x2F, 0xFD], TimeIndex.magic, [0x5E, 0x2A, 0x4D, 0x18]]
        if zstd.contains(first) { return .zstd }
        return first.starts(with: [0x1F, 0x8B]) ? .gzip : .none
    }

    /// Gives all of it to `sink`, in pieces.
    package func whole(_ sink: ([UInt8]) async throws -> Void) async throws {
        try await pieces(0..<source.size, sink)
    }

    /// Gives the frames that may hold lines of these times (milliseconds since 1970) to `sink`; everything where the source
    /// has no index of times.
    ///
    /// - Returns: Whether it was a slice.
    package func slice(_ times: Range<Int64>, _ sink: ([UInt8]) async throws -> Void) async throws -> Bool {
        guard let (table, index) = try await indexes() else {
            try await whole(sink)
            return false
        }
        let frames = index.frames(times)
        guard let first = frames.first, let last = frames.last else { return true }
        try await pieces(table[first].compressed.lowerBound..<table[last].compressed.upperBound, sink)
        return true
    }

    /// The seek table and the index of times; nil where there are none.
    private func indexes() async throws -> (ZstdSeekTable, TimeIndex)? {
        guard packing == .zstd else { return nil }
        let footer = try await source.read(max(0, source.size - Int64(ZstdSeekTable.footerSize))..<source.size)
        guard let size = try? ZstdSeekTable.tableSize(fromFooter: footer), Int64(size) <= source.size else {
            return nil
        }
        let tail = try await source.read(source.size - Int64(size)..<source.size)
        let table = try ZstdSeekTable(tail: tail, fileSize: source.size)
        guard table.count > 0 else { return nil }
        let place = table[table.count - 1]
        guard place.plain.isEmpty else { return nil }
        let index = try TimeIndex(try await source.read(place.compressed))
        return index.times.count == table.count - 1 ? (table, index) : nil
    }

    private func pieces(_ range: Range<Int64>, _ sink: ([UInt8]) async throws -> Void) async throws {
        let unpacker = try Unpacker(packing == .zstd ? .zstd : packing == .gzip ? .gzip : .none)
        var position = range.lowerBound
        while position < range.upperBound {
            let end = min(range.upperBound, position + PlainReader.piece)
            let bytes = try await source.read(position..<end)
            position = end
            try await unpacker.feed(bytes, sink)
        }
        try unpacker.finish(isEmpty: range.isEmpty)
    }
}

/// A decoder that a method with suspensions can hold.
private final class Unpacker {
    private static let piece = 256 << 10
    private var zstd: ZstdDecoder?
    private var gzip: GzipDecoder?

    init(_ algorithm: CompressSettings.Algorithm) throws(ApusError) {
        switch algorithm {
        case .zstd: zstd = try ZstdDecoder(limit: Int.max, windowLogMax: 31)
        case .gzip: gzip = try GzipDecoder(limit: Int.max)
        case .none: break
        }
    }

    /// Small pieces go in, so that what comes out of one stays small, too.
    func feed(_ bytes: [UInt8], _ sink: ([UInt8]) async throws -> Void) async throws {
        guard zstd != nil || gzip != nil else { return try await sink(bytes) }
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + Unpacker.piece)
            var output: [UInt8] = []
            let piece = Array(bytes[position..<end])
            try zstd?.feed(piece, into: &output)
            try gzip?.feed(piece, into: &output)
            if !output.isEmpty { try await sink(output) }
            position = end
        }
    }

    func finish(isEmpty: Bool) throws(ApusError) {
        if isEmpty { return }
        try zstd?.finish()
        try gzip?.finish()
    }
}
