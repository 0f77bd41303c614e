/// The trailer section of a chunked body (RFC 9112 section 7.1.2): field lines up to an empty one, read by the rules of a
/// head's fields. Holds at most the section's own bytes twice.
struct TrailerSection: Sendable {
    /// The fields to pass on, `name: value\r\n` each.
    private(set) var accepted: [UInt8] = []
    /// The line whose end has not come.
    private var pending: [UInt8] = []
    private var received = 0

    private enum Line {
        case field(Field)
        case end
        case stopped(Stop)
    }

    /// Takes bytes up to the section's end, or all that there are. Answers whether the section has ended; throws `.refused`
    /// only. `maximum` bounds the section in bytes without its final empty line.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer, _ position: inout Int, maximum: Int
    ) throws(Stop) -> Bool {
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            received += 1
            guard received <= maximum + 2 else { throw .refused(.trailersTooLong) }
            let follows = pending.last == ByteClass.carriageReturn
            pending.append(byte)
            // A control character ends the line or is refused: a line is read at most twice, at its CR and behind it.
            let isControl = byte < ByteClass.space && byte != ByteClass.tab
            if follows || isControl, try lineEnds() { return true }
        }
        return false
    }

    /// Reads what is pending. True at the empty line.
    private mutating func lineEnds() throws(Stop) -> Bool {
        switch pending.withUnsafeBytes(TrailerSection.read) {
        case .end: return true
        case .stopped(.needMore): return false
        case .stopped(let stop): throw stop
        case .field(let field):
            keep(field)
            pending.removeAll(keepingCapacity: true)
            return false
        }
    }

    private static func read(_ bytes: UnsafeRawBufferPointer) -> Line {
        guard let base = bytes.baseAddress else { return .stopped(.needMore) }
        var reader = HeadReader(base, end: bytes.count, position: 0)
        do throws(Stop) {
            return try reader.endOfFields() ? .end : .field(try reader.field(maximum: bytes.count))
        } catch {
            return .stopped(error)
        }
    }

    private mutating func keep(_ field: Field) {
        guard !field.isHopByHop, !field.known.isForbiddenInTrailers else { return }
        accepted += pending[field.name.start..<field.name.end]
        accepted += [ByteClass.colon, ByteClass.space]
        accepted += pending[field.value.start..<field.value.end]
        accepted += [ByteClass.carriageReturn, ByteClass.lineFeed]
    }
}
