package import Base
import Glibc

/// Chooses lines: by the time that they say, by a regular expression. A line without a time goes with the one before it.
package final class LineFilter {
    /// A longer line is given in pieces.
    private static let longestLine = 1 << 20

    private let times: Range<Int64>?
    private let expression: UnsafeMutablePointer<regex_t>?
    private let time: LineTime
    private var rest: [UInt8] = []
    private var isInside = true

    /// - Parameters:
    ///   - from, until: nil for no bound.
    ///   - pattern: a POSIX extended regular expression.
    /// - Throws: `bad-pattern` of kind `usage`.
    package init(from: WallInstant?, until: WallInstant?, pattern: String?, reference: WallInstant) throws(ApusError) {
        times = from == nil && until == nil ? nil : LineFilter.range(from, until)
        time = LineTime(reference: reference)
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

    /// - Returns: The chosen lines of what is whole by now.
    package func feed(_ bytes: [UInt8]) -> [UInt8] {
        if passesAll { return bytes }
        rest += bytes
        guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else {
            return rest.count > LineFilter.longestLine ? finish() : []
        }
        let whole = rest[...end]
        var output: [UInt8] = []
        var start = 0
        whole.withUnsafeBytes { all in
            while start < all.count {
                let newline = all[start...].firstIndex(of: UInt8(ascii: "\n")) ?? all.count - 1
                if takes(UnsafeRawBufferPointer(rebasing: all[start..<newline])) { output += all[start...newline] }
                start = newline + 1
            }
        }
        rest.removeFirst(end + 1)
        return output
    }

    /// What is left without a line feed.
    package func finish() -> [UInt8] {
        defer { rest = [] }
        if passesAll { return rest }
        return rest.withUnsafeBytes { takes($0) } ? rest : []
    }

    private func takes(_ line: UnsafeRawBufferPointer) -> Bool {
        if let times {
            if let moment = time.milliseconds(line) { isInside = times.contains(moment) }
            if !isInside { return false }
        }
        guard let expression else { return true }
        let text = Array(line.map { CChar(bitPattern: $0) }) + [0]
        return regexec(expression, text, 0, nil, 0) == 0
    }
}
