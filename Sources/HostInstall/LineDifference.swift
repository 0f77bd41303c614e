/// What changes between two small texts, line by line, in the notation of diff -u without its context lines.
package enum LineDifference {
    /// Beyond this many lines only the fact is told: the comparison takes time by the product of both.
    static let lineLimit = 2000

    package static func lines(from old: [UInt8], to new: [UInt8]) -> [String] {
        let old = split(old)
        let new = split(new)
        guard old.count <= lineLimit, new.count <= lineLimit else { return ["(too long to compare line by line)"] }
        let difference = new.difference(from: old)
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        return walk(old, new, removed, inserted)
    }

    private static func walk(_ old: [String], _ new: [String], _ removed: Set<Int>, _ inserted: Set<Int>) -> [String] {
        var result: [String] = []
        var (left, right) = (0, 0)
        var isInHunk = false
        while left < old.count || right < new.count {
            let isRemoved = removed.contains(left)
            guard isRemoved || inserted.contains(right) else {
                (left, right, isInHunk) = (left + 1, right + 1, false)
                continue
            }
            if !isInHunk { result.append("@@ -\(left + 1) +\(right + 1) @@") }
            isInHunk = true
            if isRemoved {
                result.append("-" + old[left])
                left += 1
            } else {
                result.append("+" + new[right])
                right += 1
            }
        }
        return result
    }

    private static func split(_ text: [UInt8]) -> [String] {
        var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { String(decoding: $0, as: UTF8.self) }
    }
}
