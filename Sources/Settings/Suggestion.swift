/// Finds the word that somebody probably meant: restricted Damerau–Levenshtein distance (insert, delete, replace, swap
/// of neighbours; Damerau 1964), at most two or a third of the word's length.
package enum Suggestion {
    /// Longer words are nobody's slip of a key, and comparing them costs their product.
    private static let longest = 64

    static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        guard word.utf8.count <= longest else { return nil }
        let wanted = folded(word)
        guard !wanted.isEmpty else { return nil }
        let limit = wanted.count <= 3 ? 1 : max(2, wanted.count / 3)
        var best: (distance: Int, word: String)?
        for candidate in candidates where candidate.utf8.count <= longest {
            let known = folded(candidate)
            // `warn` for `warning`: a beginning of three letters or more is nearly the word.
            let isBeginning = wanted.count >= 3 && known.starts(with: wanted)
            guard isBeginning || abs(known.count - wanted.count) <= limit else { continue }
            let distance = isBeginning ? min(limit, known.count - wanted.count) : distance(wanted, known)
            if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.word
    }

    /// `; did you mean "interval"?`, or nothing.
    package static func sentence(for word: String, among candidates: some Sequence<String>) -> String {
        nearest(to: word, among: candidates).map { "; did you mean \"\($0)\"?" } ?? ""
    }

    /// Case and separators are what people mix up most; they cost nothing.
    private static func folded(_ word: String) -> [UInt8] {
        word.utf8.compactMap { byte in
            switch byte {
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: " "): nil
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            default: byte
            }
        }
    }

    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for i in left.indices {
            var row = [i + 1] + [Int](repeating: 0, count: right.count)
            for j in right.indices {
                let replaced = last[j] + (left[i] == right[j] ? 0 : 1)
                row[j + 1] = min(replaced, last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1)
                }
            }
            (beforeLast, last) = (last, row)
        }
        return last[right.count]
    }
}
