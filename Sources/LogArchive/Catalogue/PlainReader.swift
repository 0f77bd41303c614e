package import Base
import Compression
package import Envelope

/// Gives the plain content of a sealed source: opened, decompressed, whole or a slice. What it is packed with is told by its
/// first bytes and not by its name.
package struct PlainReader: Sendable {
    /// What a source should be; anything else is an error, and nothing of it is given.
    package enum Expectation: Sendable {
        /// Sealed or not, packed or not.
        case anything
        /// An envelope. A source that is known to be as long as it was made cannot be cut.
        case sealed(isLengthKnown: Bool)
        /// An envelope, or at least a frame of zstd or gzip: somebody's file.
        case sealedOrPacked
    }

    /// Frames to read, and where they stand in the whole.
    package struct Slice: Sendable {
        let range: Range<Int64>
        package let isFromBeginning: Bool
        package let isToEnd: Bool
    }

    /// Bytes that are read at once.
    private static let piece: Int64 = 1 << 20

    private enum Packing { case zstd, gzip, none }

    private let source: any ByteSource
    private let packing: Packing
    private let windowLogMax: Int
    /// Of the envelope; nil where there is none.
    package let header: EnvelopeHeader?

    /// - Throws: as `EnvelopeSource.open`; `envelope-not` or `envelope-truncated` for what is not as it should be.
    package init(
        _ source: any ByteSource, keys: any KeyDirectory, expects: Expectation = .anything
    ) async throws {
        var isLengthKnown = false
        if case .sealed(let known) = expects { isLengthKnown = known }
        let envelope = try await EnvelopeSource.open(source, keys, isLengthKnown: isLengthKnown)
        header = envelope?.header
        let inner: any ByteSource = envelope ?? source
        self.source = inner
        switch header?.compression {
        case "zstd": packing = .zstd
        case "gzip": packing = .gzip
        case .some: packing = .none
        case nil: packing = PlainReader.packing(try await inner.read(0..<min(4, inner.size)))
        }
        // Ours may have been made with `long`. Of somebody's own as much memory as zstd takes without being told more.
        if case .sealedOrPacked = expects, envelope == nil {
            windowLogMax = ZstdDecoder.usualWindowLog
        } else {
            windowLogMax = 31
        }
        if envelope == nil { try PlainReader.check(expects, packing, size: source.size) }
    }

    private static func check(_ expects: Expectation, _ packing: Packing, size: Int64) throws(ApusError) {
        switch expects {
        case .anything: return
        case .sealedOrPacked where packing != .none && size > 0: return
        case .sealed where size > 0: throw Envelope.notSealed("it should be, and does not begin with APUSLOG")
        case .sealed, .sealedOrPacked:
            guard size > 0 else { throw Envelope.empty() }
            throw Envelope.notSealed("it begins with neither APUSLOG nor a frame of zstd or gzip")
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

    /// The frames that may hold lines of these times (milliseconds since 1970); all where the source has no index of times.
    ///
    /// - Parameter isFromBeginning: Whether it must begin with the first frame, because a line began before it.
    package func slice(_ times: Range<Int64>, isFromBeginning: Bool = false) async throws -> Slice {
        guard let (table, index) = try await indexes() else {
            return Slice(range: 0..<source.size, isFromBeginning: true, isToEnd: true)
        }
        let frames = index.frames(times)
        guard let found = frames.first, let last = frames.last else {
            return Slice(range: 0..<0, isFromBeginning: false, isToEnd: false)
        }
        let first = isFromBeginning ? 0 : found
        return Slice(
            range: table[first].compressed.lowerBound..<table[last].compressed.upperBound, isFromBeginning: first == 0,
            isToEnd: last == index.times.count - 1)
    }

    /// Gives a slice to `sink`, in pieces.
    package func read(_ slice: Slice, _ sink: ([UInt8]) async throws -> Void) async throws {
        try await pieces(slice.range, sink)
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
        let unpacker = try Unpacker(
            packing == .zstd ? .zstd : packing == .gzip ? .gzip : .none, windowLogMax: windowLogMax)
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
