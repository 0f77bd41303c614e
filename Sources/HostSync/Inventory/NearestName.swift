/// Finds the name that somebody probably meant: the optimal string alignment distance (Damerau 1964) is at most two, or
/// a third of the name's length.
enum NearestName {
    private static let longest = 64

    /// `; did you mean "web01"?`, or nothing.
    static func sentence(for name: String, among candidates: some Sequence<String>) -> String {
        nearest(to: name, among: candidates).map { "; did you mean \(InventoryText.quoted($0))?" } ?? ""
    }

    static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        let wanted = Array(name.lowercased().utf8)
        guard (1...longest).contains(wanted.count) else { return nil }
        var limit = wanted.count <= 3 ? 1 : max(2, wanted.count / 3)
        var best: String?
        for candidate in candidates where abs(candidate.utf8.count - wanted.count) <= limit {
            let distance = distance(wanted, Array(candidate.lowercased().utf8))
            if distance <= limit {
                best = candidate
                limit = distance - 1
                if limit < 0 { break }
            }
        }
        return best
    }

    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            current.reserveCapacity(right.count + 1)
            for (column, other) in right.enumerated() {
                var cost = min(last[column] + (byte == other ? 0 : 1), last[column + 1] + 1, current[column] + 1)
                let isSwap = row > 0 && column > 0 && byte == right[column - 1] && left[row - 1] == other
                if isSwap { cost = min(cost, beforeLast[column - 1] + 1) }
                current.append(cost)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
