package import Base

/// What is sent to a host in one leg, pulled piece by piece, so that a large file is never whole in memory.
package protocol PayloadSource {
    /// The next piece, at most some 64 KiB; nil at the end.
    ///
    /// - Throws: `ApusError`: the leg is cut off, and what was sent has no effect (see `TarPayload`).
    mutating func next() throws(ApusError) -> [UInt8]?
}

/// Bytes that are in memory already.
package struct BytesPayload: PayloadSource {
    private static let pieceBytes = 64 << 10
    private let bytes: [UInt8]
    private var offset = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package mutating func next() throws(ApusError) -> [UInt8]? {
        guard offset < bytes.count else { return nil }
        let end = min(bytes.count, offset + BytesPayload.pieceBytes)
        defer { offset = end }
        return Array(bytes[offset..<end])
    }
}

/// One payload after another.
package struct ChainedPayload: PayloadSource {
    private var rest: [any PayloadSource]

    package init(_ sources: [any PayloadSource]) { rest = sources.reversed() }

    package mutating func next() throws(ApusError) -> [UInt8]? {
        while var source = rest.popLast() {
            if let piece = try source.next() {
                rest.append(source)
                return piece
            }
        }
        return nil
    }
}
