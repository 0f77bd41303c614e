import HTTPWire

/// One condition of a route on a header, ready to be asked. Values are compared byte by byte, names without case.
struct HeaderTest: Sendable {
    private enum Place { case whole, start, end, anywhere }

    private let name: [UInt8]
    private let value: [UInt8]
    private let place: Place
    /// False for the one condition that wants no such header.
    private let isWanted: Bool

    init(_ header: RouteMatch.Header) {
        name = header.name
        isWanted = header.test != .isAbsent
        switch header.test {
        case .equals(let bytes): (place, value) = (.whole, bytes)
        case .hasPrefix(let bytes): (place, value) = (.start, bytes)
        case .hasSuffix(let bytes): (place, value) = (.end, bytes)
        case .contains(let bytes): (place, value) = (.anywhere, bytes)
        // Every value begins with nothing.
        case .isPresent, .isAbsent: (place, value) = (.start, [])
        }
    }

    func fits(_ fields: [Field], in head: UnsafeRawBufferPointer) -> Bool {
        for field in fields where Int(field.name.count) == name.count {
            let fieldName = UnsafeRawBufferPointer(rebasing: head[Int(field.name.offset)..<field.name.end])
            guard ASCII.isSame(fieldName, name) else { continue }
            let text = UnsafeRawBufferPointer(rebasing: head[Int(field.value.offset)..<field.value.end])
            if holds(text) { return isWanted }
        }
        return !isWanted
    }

    private func holds(_ text: UnsafeRawBufferPointer) -> Bool {
        switch place {
        case .whole: text.count == value.count && has(text, at: 0)
        case .start: has(text, at: 0)
        case .end: has(text, at: text.count - value.count)
        // At most 8 KiB of either; both are bounded by the limits of a head and of a value in the settings.
        case .anywhere: text.count >= value.count && (0...text.count - value.count).contains { has(text, at: $0) }
        }
    }

    private func has(_ text: UnsafeRawBufferPointer, at start: Int) -> Bool {
        guard start >= 0, start + value.count <= text.count else { return false }
        for index in 0..<value.count where text[start + index] != value[index] { return false }
        return true
    }
}
