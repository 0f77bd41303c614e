/// What changes between two small texts, line by line, in the notation of diff -u.
package enum LineDifference {
    /// Beyond this many lines only the fact is told: the comparison takes time by the product of both.
    static let lineLimit = 2000

    /// - Parameter context: How many lines that stay are shown around each change.
    package static func lines(from old: [UInt8], to new: [UInt8], context: Int = 0) -> [String] {
        let (old, new) = (split(old), split(new))
        guard old.count <= lineLimit, new.count <= lineLimit else { return ["(too long to compare line by line)"] }
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in new.difference(from: old) {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        return hunks(walk(old, new, removed, inserted), context: context)
    }

    private struct Line {
        let mark: Character
        let text: String
        /// Line numbers from 1 in the old and the new text.
        let old: Int
        let new: Int
    }

    private static func walk(_ old: [String], _ new: [String], _ removed: Set<Int>, _ inserted: Set<Int>) -> [Line] {
        var result: [Line] = []
        var (left, right) = (0, 0)
        while left < old.count || right < new.count {
            if removed.contains(left) {
                result.append(Line(mark: "-", text: old[left], old: left + 1, new: right + 1))
                left += 1
            } else if inserted.contains(right) {
                result.append(Line(mark: "+", text: new[right], old: left + 1, new: right + 1))
                right += 1
            } else {
                result.append(Line(mark: " ", text: old[left], old: left + 1, new: right + 1))
                (left, right) = (left + 1, right + 1)
            }
        }
        return result
    }

    private static func hunks(_ lines: [Line], context: Int) -> [String] {
        var shown: Set<Int> = []
        for (index, line) in lines.enumerated() where line.mark != " " {
            for near in max(0, index - context)...min(lines.count - 1, index + context) { shown.insert(near) }
        }
        var result: [String] = []
        for (index, line) in lines.enumerated() where shown.contains(index) {
            if index == 0 || !shown.contains(index - 1) { result.append("@@ -\(line.old) +\(line.new) @@") }
            result.append("\(line.mark)\(line.text)")
        }
        return result
    }

    private static func split(_ text: [UInt8]) -> [String] {
        var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { String(decoding: $0, as: UTF8.self) }
    }
}
