import Base
import Envelope
import Synchronization

/// What is inside an envelope, segment by segment; the last one that was opened is kept.
final class EnvelopeSource: ByteSource {
    private let source: any ByteSource
    private let start: Int64
    private let layout: SegmentLayout
    private let opener: SegmentOpener
    private let isLengthKnown: Bool
    private let last = Mutex<(index: Int64, plain: [UInt8])?>(nil)
    let header: EnvelopeHeader

    var size: Int64 { layout.plainBytes }

    /// - Returns: Nil where the source does not begin as an envelope does.
    /// - Throws: The distinct errors of damaged headers, wrong keys, cut files (see `EnvelopeHeader`, `KeyProvider`).
    ///
    /// - Parameter isLengthKnown: Whether the source is known to be as long as it was made.
    static func open(
        _ source: any ByteSource, _ keys: any KeyDirectory, isLengthKnown: Bool
    ) async throws -> EnvelopeSource? {
        let prefix = try await source.read(0..<min(Int64(EnvelopeHeader.prefixSize), source.size))
        let size: Int
        do throws(ApusError) {
            size = try EnvelopeHeader.size(fromPrefix: prefix)
        } catch {
            if error.code == "envelope-not" { return nil }
            throw error
        }
        let bytes = try await source.read(0..<min(Int64(size + SegmentLayout.headerBytes), source.size))
        let header = try EnvelopeHeader(parsing: bytes)
        let key = try await keys.provider(for: header.wrapped).open(header.wrapped, header.context)
        let opener = try SegmentOpener(
            key: key, associatedData: header.associatedData, streamHeader: Array(bytes.dropFirst(size)))
        return EnvelopeSource(
            source, start: Int64(size), try SegmentLayout(streamBytes: source.size - Int64(size)), opener, header,
            isLengthKnown)
    }

    private init(
        _ source: any ByteSource, start: Int64, _ layout: SegmentLayout, _ opener: SegmentOpener,
        _ header: EnvelopeHeader, _ isLengthKnown: Bool
    ) {
        self.isLengthKnown = isLengthKnown
        self.source = source
        self.start = start
        self.layout = layout
        self.opener = opener
        self.header = header
    }

    func read(_ range: Range<Int64>) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for index in layout.segments(for: range) {
            let plain = try await segment(index)
            let place = layout.plainRange(index)
            let low = max(range.lowerBound, place.lowerBound) - place.lowerBound
            let high = min(range.upperBound, place.upperBound) - place.lowerBound
            if low < high { bytes += plain[Int(low)..<Int(high)] }
        }
        return bytes
    }

    private func segment(_ index: Int64) async throws -> [UInt8] {
        if let kept = last.withLock({ $0?.index == index ? $0?.plain : nil }) { return kept }
        let place = layout.sealedRange(index)
        let sealed = try await source.read(place.lowerBound + start..<place.upperBound + start)
        var plain: [UInt8] = []
        try opener.open(
            index, isLast: layout.isLast(index), sealed.span, isLengthKnown: isLengthKnown, into: &plain)
        last.withLock { $0 = (index, plain) }
        return plain
    }
}

/// The header of a sealed file on this host.
enum SealedHeader {
    static func read(_ file: any LogFile) throws(ApusError) -> [UInt8] {
        let size = try EnvelopeHeader.size(fromPrefix: try file.read(at: 0, count: EnvelopeHeader.prefixSize))
        return try file.read(at: 0, count: size)
    }
}
