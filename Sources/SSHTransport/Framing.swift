import Glibc

/// How a host's answer is cut into sections.
///
/// The host writes, on one stream, `\n@@NONCE s INDEX\n`, then any bytes, then `\n@@NONCE e INDEX CODE\n`. The nonce is
/// 128 random bits of this conversation, so that no file's content and no banner can end a section. What stands
/// outside of sections is noise of login scripts and is dropped. `\n@@NONCE end\n` closes a leg.
package struct FrameParser {
    package enum Event: Equatable {
        /// `@@NONCE s INDEX`
        case begin(Int)
        /// The section's bytes so far unseen; one section may come in several pieces.
        case bytes(Int, ArraySlice<UInt8>)
        /// `@@NONCE e INDEX CODE`
        case end(Int, code: Int)
        /// Any other word after the nonce: `ready`, `end`.
        case mark(String)
    }

    /// A line of marks is never longer: what is, is no mark.
    static let longestMark = 256

    private let needle: [UInt8]
    private var buffer: [UInt8]
    private var open: Int?

    package init(nonce: String) {
        needle = Array("\n@@\(nonce) ".utf8)
        // The stream may begin with a mark, whose newline then is this one.
        buffer = [UInt8(ascii: "\n")]
    }

    /// Takes what was read and calls `handle` for each event in it.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer, _ handle: (Event) throws -> Void) rethrows {
        buffer.append(contentsOf: bytes)
        var start = 0
        while let mark = find(from: start) {
            guard let end = endOfLine(after: mark + needle.count) else {
                // The mark is not all there yet; too long for one, it is none.
                if buffer.count - mark > FrameParser.longestMark {
                    try pass(start..<(mark + 1), handle)
                    start = mark + 1
                    continue
                }
                try pass(start..<mark, handle)
                return buffer.removeFirst(mark)
            }
            try pass(start..<mark, handle)
            try take(String(decoding: buffer[(mark + needle.count)..<end], as: UTF8.self), handle)
            start = end + 1
        }
        // The tail may be the beginning of a mark.
        let kept = partialMark(from: start)
        try pass(start..<kept, handle)
        buffer.removeFirst(kept)
    }

    private func pass(_ range: Range<Int>, _ handle: (Event) throws -> Void) rethrows {
        if let open, !range.isEmpty { try handle(.bytes(open, buffer[range])) }
    }

    private mutating func take(_ text: String, _ handle: (Event) throws -> Void) rethrows {
        let words = text.split(separator: " ")
        switch words.first {
        case "s" where words.count == 2:
            guard let index = Int(words[1]), index >= 0 else { return try handle(.mark(text)) }
            open = index
            try handle(.begin(index))
        case "e" where words.count == 3:
            guard let index = Int(words[1]), let code = Int(words[2]) else { return try handle(.mark(text)) }
            open = nil
            try handle(.end(index, code: code))
        default:
            open = nil
            try handle(.mark(text))
        }
    }

    /// The next place where the needle stands whole.
    private func find(from start: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var place = start
            while place + needle.count <= bytes.count {
                // A nonce holds no @, and most texts hold few: the second byte of the needle is looked for.
                guard let hit = memchr(base + place + 1, Int32(UInt8(ascii: "@")), bytes.count - place - 1) else {
                    return nil
                }
                let begin = base.distance(to: hit) - 1
                guard begin + needle.count <= bytes.count else { return nil }
                if memcmp(base + begin, needle, needle.count) == 0 { return begin }
                place = begin + 1
            }
            return nil
        }
    }

    /// Whether a mark may begin at `place`, as far as bytes are there.
    private func mayBegin(at place: Int) -> Bool {
        let count = min(needle.count, buffer.count - place)
        return buffer[place..<(place + count)].elementsEqual(needle[..<count])
    }

    private func endOfLine(after place: Int) -> Int? {
        buffer[place...].prefix(FrameParser.longestMark).firstIndex(of: UInt8(ascii: "\n"))
    }

    private func partialMark(from start: Int) -> Int {
        let earliest = max(start, buffer.count - needle.count + 1)
        for place in earliest..<max(earliest, buffer.count)
        where buffer[place] == UInt8(ascii: "\n") && mayBegin(at: place) {
            return place
        }
        return buffer.count
    }
}
