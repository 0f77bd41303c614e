/// Bounds of what a chunked body carries beside its data, in bytes a message.
package struct ChunkedLimits: Hashable, Sendable {
    package var trailerBytes: Int
    package var extensionBytes: Int

    package init(trailerBytes: Int = 8 << 10, extensionBytes: Int = 4 << 10) {
        self.trailerBytes = trailerBytes
        self.extensionBytes = extensionBytes
    }
}

/// The chunked coding (RFC 9112 section 7.1), a state machine over single bytes but for the data, which it hands out as
/// ranges without looking at them. Chunk extensions are checked and dropped. It allocates only for trailers.
package struct ChunkedDecoder: Sendable {
    package enum Step: Hashable, Sendable {
        /// Never empty.
        case data(Range<Int>)
        case needMore
        case end
        case refused(Refusal)
    }

    enum State: Hashable {
        case sizeStart, size, sizeEnd
        case extensionName, extensionRest
        case data, dataReturn, dataEnd
        case trailers, ended
        case refused(Refusal.Reason)
    }

    private let limits: ChunkedLimits
    private var state = State.sizeStart
    /// Of the chunk: its size so far, then what is left of its data.
    private var remaining: UInt64 = 0
    private var extensionBytes = 0
    private var section = TrailerSection()

    package init(limits: ChunkedLimits = ChunkedLimits()) {
        self.limits = limits
    }

    /// Trailer fields after `.end`, `name: value\r\n` each, without those that must not be merged into a message (RFC 9110
    /// section 6.5.1).
    package var trailers: [UInt8] { section.accepted }

    /// Goes on at `position` and moves it past what was consumed; bytes behind the body's end stay. To be called until it
    /// answers other than `.data`. After `.end` and `.refused` it keeps its answer.
    package mutating func next(_ bytes: UnsafeRawBufferPointer, position: inout Int) -> Step {
        while position < bytes.count {
            switch state {
            case .data:
                return takeData(bytes.count, &position)
            case .trailers:
                takeTrailers(bytes, &position)
            case .ended, .refused:
                return answer
            default:
                let byte = bytes[position]
                position += 1
                state = take(byte)
            }
        }
        return answer
    }

    private var answer: Step {
        switch state {
        case .ended: .end
        case .refused(let reason): .refused(Refusal(reason))
        default: .needMore
        }
    }

    private mutating func takeData(_ end: Int, _ position: inout Int) -> Step {
        let count = Int(min(UInt64(end - position), remaining))
        let range = position..<(position + count)
        remaining -= UInt64(count)
        position += count
        if remaining == 0 { state = .dataReturn }
        return .data(range)
    }

    private mutating func takeTrailers(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) {
        do throws(Stop) {
            if try section.take(bytes, &position, maximum: limits.trailerBytes) { state = .ended }
        } catch {
            if case .refused(let reason) = error { state = .refused(reason) }
        }
    }

    /// The state after one byte of the framing.
    private mutating func take(_ byte: UInt8) -> State {
        switch state {
        case .sizeStart, .size: takeSize(byte)
        case .extensionName: takeExtension(byte, isStart: true)
        case .extensionRest: takeExtension(byte, isStart: false)
        case .sizeEnd: byte == ByteClass.lineFeed ? afterSize : .refused(.bareCarriageReturn)
        case .dataReturn: byte == ByteClass.carriageReturn ? .dataEnd : .refused(.missingChunkEnd)
        case .dataEnd: byte == ByteClass.lineFeed ? .sizeStart : .refused(.missingChunkEnd)
        default: state
        }
    }

    private var afterSize: State { remaining == 0 ? .trailers : .data }

    /// `1*HEXDIG`, below 2^63; nothing but `;` or CRLF may follow, no blanks.
    private mutating func takeSize(_ byte: UInt8) -> State {
        if let digit = ByteClass.hexValue(byte) {
            if state == .sizeStart { (remaining, digits) = (0, 0) }
            digits += 1
            guard digits <= 16, remaining < 1 << 59 else { return .refused(.chunkTooLarge) }
            remaining = remaining << 4 | UInt64(digit)
            return .size
        }
        guard state == .size else { return .refused(.invalidChunkSize) }
        switch byte {
        case 0x3B: return .extensionName
        case ByteClass.carriageReturn: return .sizeEnd
        case ByteClass.lineFeed: return .refused(.bareLineFeed)
        default: return .refused(.invalidChunkSize)
        }
    }

    private var digits = 0

    /// `";" BWS name ...`: the name begins with a token character; of the rest we ask only that it cannot be taken for a line
    /// end.
    private mutating func takeExtension(_ byte: UInt8, isStart: Bool) -> State {
        extensionBytes += 1
        guard extensionBytes <= limits.extensionBytes else { return .refused(.chunkExtensionsTooLong) }
        if isStart {
            if ByteClass.isBlank(byte) { return .extensionName }
            return ByteClass.isToken(byte) ? .extensionRest : .refused(.invalidChunkExtension)
        }
        switch byte {
        case ByteClass.carriageReturn: return .sizeEnd
        case ByteClass.lineFeed: return .refused(.bareLineFeed)
        case ByteClass.tab: return .extensionRest
        case ..<ByteClass.space, 0x7F: return .refused(.invalidChunkExtension)
        default: return .extensionRest
        }
    }
}
