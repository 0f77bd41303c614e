/// Guesses which name was meant: the known name with the least edits (insert, delete, replace, swap of neighbours), when
/// they are at most a third of the word.
enum NameSuggestion {
    private static let longest = 64
    private static let candidates = 10_000

    /// `; did you mean "port"?`, or nothing.
    static func sentence(for word: String, among known: [String]) -> String {
        let wanted = Array(word.utf8)
        guard (2...longest).contains(wanted.count) else { return "" }
        let limit = max(1, wanted.count / 3)
        var best: (edits: Int, name: String)?
        for name in known.prefix(candidates) where abs(name.utf8.count - wanted.count) <= limit {
            let edits = edits(wanted, Array(name.utf8))
            if edits <= limit, edits < best?.edits ?? .max { best = (edits, name) }
        }
        return best.map { "; did you mean \"\($0.name)\"?" } ?? ""
    }

    /// Optimal string alignment distance, by three rows of its table.
    private static func edits(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var older = [Int](repeating: 0, count: right.count + 1)
        var old = Array(0...right.count)
        for (i, byte) in left.enumerated() {
            var row = [i + 1]
            for (j, other) in right.enumerated() {
                var cost = min(old[j] + (byte == other ? 0 : 1), old[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, byte == right[j - 1], left[i - 1] == other { cost = min(cost, older[j - 1] + 1) }
                row.append(cost)
            }
            (older, old) = (old, row)
        }
        return old[right.count]
    }
}
