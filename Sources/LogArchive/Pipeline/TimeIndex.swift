import Base
import Compression

/// When each frame begins, so that a reader of a slice of time fetches only the frames that it needs.
///
/// On disk, before the seek table: a skippable frame of zstd (RFC 8878, section 3.1.2) with the magic number 0x184D2A51, the
/// size of what follows (little end first), `APUSTIX1`, and for each frame eight bytes, little end first: the milliseconds
/// since 1970 of its first line that says a time, or 0x7FFFFFFFFFFFFFFF where none does. Other readers skip it.
struct TimeIndex: Sendable, Equatable {
    static let magic: [UInt8] = [0x51, 0x2A, 0x4D, 0x18]
    static let mark = Array("APUSTIX1".utf8)
    private static let unknown = Int64.max

    /// In the order of the frames.
    var times: [Int64?] = []

    var encodedSize: Int { 8 + TimeIndex.mark.count + 8 * times.count }

    func encoded() -> [UInt8] {
        var bytes = TimeIndex.magic
        withUnsafeBytes(of: UInt32(TimeIndex.mark.count + 8 * times.count).littleEndian) { bytes += $0 }
        bytes += TimeIndex.mark
        for time in times { withUnsafeBytes(of: (time ?? TimeIndex.unknown).littleEndian) { bytes += $0 } }
        return bytes
    }

    init() {}

    /// - Throws: `time-index-damaged`.
    init(_ bytes: [UInt8]) throws(ApusError) {
        let head = 8 + TimeIndex.mark.count
        guard bytes.count >= head, bytes.starts(with: TimeIndex.magic), bytes[8..<head].elementsEqual(TimeIndex.mark),
            (bytes.count - head) % 8 == 0
        else { throw ApusError(code: "time-index-damaged", "the index of times is damaged") }
        for start in stride(from: head, to: bytes.count, by: 8) {
            let time = bytes[start..<start + 8].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
            times.append(time == TimeIndex.unknown ? nil : time)
        }
    }

    /// The frames that may hold lines of `range`: from the first that ends in it or later to the last that begins before its
    /// end, and one more on either side, for lines that are a little late. Right, if larger than need be, where a clock was
    /// set back.
    func frames(_ range: Range<Int64>) -> Range<Int> {
        let known = times.indices.compactMap { index in times[index].map { (index: index, time: $0) } }
        guard !known.isEmpty else { return 0..<times.count }
        let firstLater = known.first { $0.time >= range.lowerBound }?.index ?? times.count
        let lastBefore = known.last { $0.time < range.upperBound }?.index ?? -1
        let first = max(0, firstLater - 2)
        return first..<max(first, min(times.count, lastBefore + 2))
    }
}
