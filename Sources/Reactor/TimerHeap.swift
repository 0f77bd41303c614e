/// Deadlines of sources in a binary heap of 16-byte entries, with entries that are out of date left in place until they
/// come up: arming is O(log n), disarming is free. `compact` throws the stale ones out when they are more than half.
struct TimerHeap {
    struct Entry {
        var deadline: Int64
        var token: Token
    }

    private(set) var entries: [Entry] = []

    var earliest: Int64? { entries.first?.deadline }

    mutating func push(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].deadline < entries[parent].deadline else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> Entry? {
        guard let first = entries.first else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            sink(0)
        }
        return first
    }

    /// Keeps only the entries for which `isCurrent` holds.
    mutating func compact(_ isCurrent: (Entry) -> Bool) {
        entries.removeAll { !isCurrent($0) }
        for index in stride(from: entries.count / 2, through: 0, by: -1) where !entries.isEmpty { sink(index) }
    }

    private mutating func sink(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2) where child < entries.count {
                if entries[child].deadline < entries[least].deadline { least = child }
            }
            guard least != parent else { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
