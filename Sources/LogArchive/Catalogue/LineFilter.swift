package import Base
import Glibc

/// Chooses lines: by the time that they say, by a regular expression. A line without a time goes with the one before it.
///
/// One filter serves the segments of a log in turn (`begin`), because `copytruncate` may cut a line in two. Bound: 1 MiB; a
/// longer line is judged by its first MiB and passes, or does not, as a whole.
package final class LineFilter {
    private static let longestLine = 1 << 20

    private let times: Range<Int64>?
    private let expression: UnsafeMutablePointer<regex_t>?
    private var time: LineTime
    /// Of a line that has not ended: at most `longestLine` bytes.
    private var rest: [UInt8] = []
    /// Of a longer line, for what is still to come of it.
    private var verdict: Bool?
    private var isInside = true

    /// - Parameters:
    ///   - from, until: nil for no bound.
    ///   - pattern: a POSIX extended regular expression.
    /// - Throws: `bad-pattern` of kind `usage`.
    package init(from: WallInstant?, until: WallInstant?, pattern: String?, reference: WallInstant) throws(ApusError) {
        times = from == nil && until == nil ? nil : LineFilter.range(from, until)
        time = LineTime(reference: reference)
        if let pattern { try PatternBounds.check(pattern) }
        guard let pattern else {
            expression = nil
            return
        }
        let compiled = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
        let code = regcomp(compiled, pattern, REG_EXTENDED | REG_NOSUB)
        guard code == 0 else {
            compiled.deallocate()
            throw ApusError(code: "bad-pattern", "\(pattern) is no regular expression", kind: .usage)
        }
        expression = compiled
    }

    deinit {
        guard let expression else { return }
        regfree(expression)
        expression.deallocate()
    }

    /// Milliseconds since 1970.
    package static func range(_ from: WallInstant?, _ until: WallInstant?) -> Range<Int64> {
        let low = from.map { $0.nanosecondsSince1970 / 1_000_000 } ?? Int64.min
        let high = until.map { $0.nanosecondsSince1970 / 1_000_000 } ?? Int64.max
        return low..<max(low, high)
    }

    package var passesAll: Bool { times == nil && expression == nil }

    /// Whether the last line has not ended.
    package var isInsideLine: Bool { !rest.isEmpty || verdict != nil }

    /// Before the next segment.
    ///
    /// - Parameters:
    ///   - reference: For times without a year.
    ///   - isContinuing: Whether it goes on where the one before ended.
    /// - Returns: What was left of the one before, where it does not.
    package func begin(reference: WallInstant, isContinuing: Bool) -> [UInt8] {
        var left: [UInt8] = []
        if !isContinuing || !isInsideLine {
            left = finish()
            isInside = true
        }
        time = LineTime(reference: reference)
        return left
    }

    /// - Returns: The chosen lines of what is whole by now: at most as many bytes as came, and 1 MiB.
    package func feed(_ bytes: [UInt8]) -> [UInt8] {
        if passesAll { return bytes }
        var output: [UInt8] = []
        bytes.withUnsafeBytes { all in
            var start = 0
            while start < all.count {
                let left = UnsafeRawBufferPointer(rebasing: all[start...])
                let newline = left.baseAddress.flatMap { memchr($0, 0x0A, left.count) }
                let count = newline.map { UnsafeRawPointer($0) - UnsafeRawPointer(left.baseAddress!) + 1 } ?? left.count
                take(UnsafeRawBufferPointer(rebasing: left[..<count]), isEnd: newline != nil, into: &output)
                start += count
            }
        }
        return output
    }

    /// What is left without a line feed.
    package func finish() -> [UInt8] {
        defer {
            rest = []
            verdict = nil
        }
        return !rest.isEmpty && takes(rest) ? rest : []
    }

    /// - Parameter isEnd: Whether `part` ends in a line feed, which it has nowhere else.
    private func take(_ part: UnsafeRawBufferPointer, isEnd: Bool, into output: inout [UInt8]) {
        if let verdict {
            if verdict { output += part }
            if isEnd { self.verdict = nil }
            return
        }
        let room = LineFilter.longestLine - rest.count
        if part.count <= room {
            if isEnd, rest.isEmpty {
                if takes(UnsafeRawBufferPointer(rebasing: part.dropLast())) { output += part }
                return
            }
            rest += part
            guard isEnd else { return }
            if rest.withUnsafeBytes({ takes(UnsafeRawBufferPointer(rebasing: $0.dropLast())) }) { output += rest }
        } else {
            rest += part.prefix(room)
            let isTaken = takes(rest)
            if isTaken {
                output += rest
                output += part.dropFirst(room)
            }
            verdict = isEnd ? nil : isTaken
        }
        rest.removeAll(keepingCapacity: true)
    }

    private func takes(_ line: [UInt8]) -> Bool { line.withUnsafeBytes { takes($0) } }

    private func takes(_ line: UnsafeRawBufferPointer) -> Bool {
        if let times {
            if let moment = time.milliseconds(line) { isInside = times.contains(moment) }
            if !isInside { return false }
        }
        guard let expression else { return true }
        // The end is said, so that the line needs no copy with a zero behind it, and a zero in it ends nothing.
        var match = regmatch_t(rm_so: 0, rm_eo: regoff_t(line.count))
        guard let text = line.baseAddress?.assumingMemoryBound(to: CChar.self) else {
            return regexec(expression, "", 0, nil, 0) == 0
        }
        return regexec(expression, text, 0, &match, REG_STARTEND) == 0
    }
}
