package import HTTPWire

/// What a template's names stood for in a path: ranges of the normalized path, in the order of the template.
package struct PathCaptures: Sendable {
    package private(set) var count = 0
    private var slices = InlineArray<16, Slice>(repeating: Slice.none)

    package init() {}

    /// - Precondition: `index` is below `count`.
    package subscript(index: Int) -> Slice { slices[index] }

    mutating func clear() { count = 0 }

    /// Of a template's captures there are at most 16 (`PathPattern.mostCaptures`).
    mutating func set(_ index: Int, _ start: Int, _ end: Int) {
        slices[index] = Slice(offset: UInt32(start), count: UInt32(end - start))
        count = index + 1
    }

    mutating func truncate(to count: Int) { self.count = count }
}
