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
        var start = 0
        while let first = lines[start...].indices.first(where: shown.contains) {
            let end = lines[first...].indices.first { !shown.contains($0) } ?? lines.endIndex
            let hunk = lines[first..<end]
            result.append(header(hunk, isShort: context == 0))
            result += hunk.map { "\($0.mark)\($0.text)" }
            start = end
        }
        return result
    }

    /// `@@ -12,3 +12,4 @@`: where the hunk begins in both texts, and how many lines of each it has; one is not written. The
    /// short form, for changes without lines around them, has only the places.
    private static func header(_ hunk: ArraySlice<Line>, isShort: Bool) -> String {
        func side(_ start: Int, _ count: Int) -> String {
            if isShort || count == 1 { return "\(start)" }
            return count == 0 ? "\(start - 1),0" : "\(start),\(count)"
        }
        guard let first = hunk.first else { return "" }
        let old = side(first.old, hunk.count { $0.mark != "+" })
        let new = side(first.new, hunk.count { $0.mark != "-" })
        return "@@ -\(old) +\(new) @@"
    }

    private static func split(_ text: [UInt8]) -> [String] {
        var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { String(decoding: $0, as: UTF8.self) }
    }
}
