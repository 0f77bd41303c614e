/// A first-in first-out queue with a bound on elements and on bytes that makes room by dropping its oldest, and counts
/// what it drops. For reports, where the newest matter most. O(1) per element, storage allocated once.
package struct BoundedQueue<Element: Sendable>: Sendable {
    private struct Entry: Sendable {
        var element: Element
        var bytes: Int
    }

    package let maxCount: Int
    package let maxBytes: Int
    package private(set) var count = 0
    package private(set) var bytes = 0
    /// Elements dropped since the start, and their bytes.
    package private(set) var droppedCount: UInt64 = 0
    package private(set) var droppedBytes: UInt64 = 0
    private var ring: [Entry?]
    private var head = 0

    /// Both bounds are at least 1.
    package init(maxCount: Int, maxBytes: Int = .max) {
        self.maxCount = max(1, maxCount)
        self.maxBytes = max(1, maxBytes)
        ring = [Entry?](repeating: nil, count: self.maxCount)
    }

    package var isEmpty: Bool { count == 0 }
    package var first: Element? { isEmpty ? nil : ring[head]?.element }

    /// Adds `element` at the end and returns how many were dropped for it, oldest first. An element of more than
    /// `maxBytes` fits nowhere: it is itself the one dropped, and the others stay. Negative `size` counts as zero.
    @discardableResult
    package mutating func append(_ element: Element, bytes size: Int = 0) -> Int {
        let size = max(0, size)
        guard size <= maxBytes else {
            countDrop(of: size)
            return 1
        }
        var dropped = 0
        while count == maxCount || bytes > maxBytes - size {
            guard let old = take() else { break }
            countDrop(of: old.bytes)
            dropped += 1
        }
        ring[place(count)] = Entry(element: element, bytes: size)
        count += 1
        bytes += size
        return dropped
    }

    package mutating func popFirst() -> Element? {
        take()?.element
    }

    /// Puts back what `popFirst` gave and could not be sent. It is the oldest, so when there is no room left for it, it is
    /// the one dropped: false, and counted.
    @discardableResult
    package mutating func putBack(_ element: Element, bytes size: Int = 0) -> Bool {
        let size = max(0, size)
        guard count < maxCount, size <= maxBytes, bytes <= maxBytes - size else {
            countDrop(of: size)
            return false
        }
        head = head == 0 ? maxCount - 1 : head - 1
        ring[head] = Entry(element: element, bytes: size)
        count += 1
        bytes += size
        return true
    }

    private mutating func take() -> Entry? {
        guard !isEmpty, let entry = ring[head] else { return nil }
        ring[head] = nil
        head = head + 1 == maxCount ? 0 : head + 1
        count -= 1
        bytes -= entry.bytes
        return entry
    }

    private mutating func countDrop(of size: Int) {
        droppedCount &+= 1
        droppedBytes &+= UInt64(size)
    }

    private func place(_ offset: Int) -> Int {
        let index = head + offset
        return index >= maxCount ? index - maxCount : index
    }
}
