/// Brings a request's path into the one form that is matched and sent on, so that no spelling of a path passes a route
/// by: what a route sees is what the upstream gets.
///
/// - Escapes of unreserved characters are decoded, the digits of all others become capitals (RFC 3986, section 6.2.2).
///   A reserved character and its escape are different, as that section has it: `/a!b` is not `/a%21b`.
/// - `.` and `..` segments are resolved (section 5.2.4), after decoding: `/a/%2E%2e/b` is `/b`. Above the
///   top is the top.
/// - `//` is `/` where `mergeSlashes` says so.
/// - `%2F`, `%5C` and `\` are refused, kept or taken for a slash, as `escapedSlashes` says: Envoy's
///   `path_with_escaped_slashes_action`.
/// - Refused whatever the settings: `%00`, a `%` without two digits, and `.;x` or `..;x`, which servlet containers
///   take for dot segments.
///
/// A path that needs nothing, as nearly every one, costs one look at each byte; the others two more passes in the
/// caller's buffer. No allocation.
package struct PathNormalizer: Sendable {
    package enum Outcome: Hashable, Sendable {
        /// The path is in its form already.
        case unchanged
        /// This many bytes of the output hold the form, at most as many as the path had, and at least 1.
        case rewritten(count: Int)
        /// 400 is the answer.
        case refused(Reason)
    }

    package enum Reason: String, Hashable, Sendable {
        case malformedEscape = "malformed-escape"
        case nul = "nul-in-path"
        case escapedSlash = "escaped-slash"
        case dotSegmentParameter = "dot-segment-parameter"
    }

    private let mergesSlashes: Bool
    private let escapedSlashes: PathSettings.EscapedSlashes

    package init(_ settings: PathSettings = PathSettings()) {
        mergesSlashes = settings.mergeSlashes
        escapedSlashes = settings.escapedSlashes
    }

    /// - Parameters:
    ///   - path: without query. One that does not begin with `/` (`*` of OPTIONS) is left as it is; an empty one is
    ///     `/`.
    ///   - output: at least as long as `path`, and at least one byte; its content is undefined unless the outcome is
    ///     `rewritten`.
    package func normalize(
        _ path: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> Outcome {
        guard let first = path.first else {
            output[0] = PathByte.slash
            return .rewritten(count: 1)
        }
        guard first == PathByte.slash, PathNormalizer.mayNeedWork(path) else { return .unchanged }
        precondition(output.count >= path.count, "the normalized path needs as much room as the path")
        let decoded: Int
        switch decode(path, into: output) {
        case .success(let count): decoded = count
        case .failure(let refusal): return .refused(refusal.reason)
        }
        let bytes = UnsafeMutableRawBufferPointer(rebasing: output[..<decoded])
        guard let count = resolveSegments(bytes) else { return .refused(.dotSegmentParameter) }
        let isSame = count == path.count && path.elementsEqual(output[..<count])
        return isSame ? .unchanged : .rewritten(count: count)
    }

    /// False where neither an escape nor a backslash, `//` or `/.` is in it.
    private static func mayNeedWork(_ path: UnsafeRawBufferPointer) -> Bool {
        var isAfterSlash = false
        for byte in path {
            switch byte {
            case PathByte.percent, PathByte.backslash: return true
            case PathByte.slash:
                if isAfterSlash { return true }
                isAfterSlash = true
            case PathByte.dot:
                if isAfterSlash { return true }
            default: isAfterSlash = false
            }
        }
        return false
    }

    /// Where decoding stands: what has been read of the path and written of the output.
    private struct Place {
        var read = 0
        var written = 0
    }

    private struct Refusal: Error {
        let reason: Reason
    }

    /// - Returns: how many bytes are written, never more than were read.
    private func decode(
        _ path: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> Result<Int, Refusal> {
        var place = Place()
        while place.read < path.count {
            let byte = path[place.read]
            if byte == PathByte.percent {
                if let reason = decodeEscape(path, into: output, &place) { return .failure(Refusal(reason: reason)) }
                continue
            }
            if byte == PathByte.backslash, escapedSlashes == .reject {
                return .failure(Refusal(reason: .escapedSlash))
            }
            let isSlash = byte == PathByte.backslash && escapedSlashes == .decode
            output[place.written] = isSlash ? PathByte.slash : byte
            place.read += 1
            place.written += 1
        }
        return .success(place.written)
    }

    /// Takes one `%XX`; returns why it is refused, if it is.
    private func decodeEscape(
        _ path: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, _ place: inout Place
    ) -> Reason? {
        guard place.read + 2 < path.count, let high = PathByte.digit(path[place.read + 1]),
            let low = PathByte.digit(path[place.read + 2])
        else { return .malformedEscape }
        place.read += 3
        var value = high << 4 | low
        if value == 0 { return .nul }
        var isPlain = PathByte.isUnreserved(value)
        if value == PathByte.slash || value == PathByte.backslash, escapedSlashes != .keep {
            if escapedSlashes == .reject { return .escapedSlash }
            (value, isPlain) = (PathByte.slash, true)
        }
        if isPlain {
            output[place.written] = value
            place.written += 1
        } else {
            PathByte.writeEscape(value, to: output, at: place.written)
            place.written += 3
        }
        return nil
    }

    /// Resolves dot segments and empty ones in place: what is written never overtakes what is read.
    ///
    /// - Returns: how many bytes are left; nil for a dot segment with a parameter.
    private func resolveSegments(_ bytes: UnsafeMutableRawBufferPointer) -> Int? {
        var (read, written) = (0, 0)
        while read < bytes.count {
            var end = read + 1
            while end < bytes.count, bytes[end] != PathByte.slash { end += 1 }
            let isLast = end == bytes.count
            switch PathNormalizer.kind(of: bytes, read + 1, end) {
            case .parameterized: return nil
            case .current:
                if isLast { PathNormalizer.writeSlash(bytes, &written) }
            case .parent:
                written = PathNormalizer.lastSlash(bytes, before: written)
                if isLast { PathNormalizer.writeSlash(bytes, &written) }
            case .empty where mergesSlashes && !isLast: break
            case .empty, .plain:
                for index in read..<end {
                    bytes[written] = bytes[index]
                    written += 1
                }
            }
            read = end
        }
        if written == 0 { PathNormalizer.writeSlash(bytes, &written) }
        return written
    }

    private enum SegmentKind { case plain, empty, current, parent, parameterized }

    private static func kind(of bytes: UnsafeMutableRawBufferPointer, _ start: Int, _ end: Int) -> SegmentKind {
        if start == end { return .empty }
        guard bytes[start] == PathByte.dot else { return .plain }
        var next = start + 1
        if next < end, bytes[next] == PathByte.dot { next += 1 }
        if next == end { return next == start + 1 ? .current : .parent }
        return beginsParameter(bytes, next, end) ? .parameterized : .plain
    }

    /// A semicolon, or one that a second decoding would bring out. Digits are capitals by now.
    private static func beginsParameter(_ bytes: UnsafeMutableRawBufferPointer, _ at: Int, _ end: Int) -> Bool {
        if bytes[at] == PathByte.semicolon { return true }
        return at + 2 < end && bytes[at] == UInt8(ascii: "%") && bytes[at + 1] == UInt8(ascii: "3")
            && bytes[at + 2] == UInt8(ascii: "B")
    }

    private static func lastSlash(_ bytes: UnsafeMutableRawBufferPointer, before end: Int) -> Int {
        var index = end
        while index > 0 {
            index -= 1
            if bytes[index] == PathByte.slash { return index }
        }
        return 0
    }

    private static func writeSlash(_ bytes: UnsafeMutableRawBufferPointer, _ written: inout Int) {
        bytes[written] = PathByte.slash
        written += 1
    }
}
