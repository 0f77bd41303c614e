import Base
import Envelope

/// Encrypts what it is fed, where the recipe says so, and gives it away in parts.
///
/// Each part is an array of its own, made as large as it will be; only what was fed beyond its end is copied into the next.
/// The next is begun only when there is something to do with it: by then the part before may be stored, and its memory free.
/// Bound: a part, what one call of `feed` brings, and the segment of the envelope that waits.
final class PartSealer {
    /// What of one frame is fed at a time at most, so that a part is taken away before the next bytes come.
    static let feedBytes = 1 << 20

    private let partBytes: Int
    private let spares: SpareParts
    private var sealer: StreamSealer?
    private var buffer: [UInt8] = []
    /// What comes first in the next buffer.
    private var carried: [UInt8] = []

    init(recipe: SealRecipe, key: DataKey?, partBytes: Int, spares: SpareParts) throws(ApusError) {
        self.partBytes = partBytes
        self.spares = spares
        guard let envelope = recipe.envelope else { return }
        guard let key else { throw ApusError(code: "key-missing", "an encrypted generation needs its key") }
        carried = envelope.header.encoded()
        sealer = try StreamSealer(
            key: key, associatedData: envelope.header.associatedData,
            salt: envelope.salt, noncePrefix: envelope.noncePrefix)
    }

    /// - Parameter bytes: At most `feedBytes`.
    func feed(_ bytes: ArraySlice<UInt8>) throws(ApusError) {
        begin()
        guard sealer != nil else {
            buffer += bytes
            return
        }
        try sealer?.feed(bytes.span, into: &buffer)
    }

    func finish() throws(ApusError) {
        begin()
        try sealer?.finish(into: &buffer)
    }

    /// The next part, if there is more than that.
    func take() -> [UInt8]? {
        begin()
        guard buffer.count > partBytes else { return nil }
        carried = Array(buffer[partBytes...])
        buffer.removeLast(carried.count)
        return give()
    }

    func rest() -> [UInt8] {
        begin()
        return give()
    }

    private func give() -> [UInt8] {
        var part: [UInt8] = []
        swap(&part, &buffer)
        return part
    }

    /// A part, a segment that was waiting, and what is fed: pages that nothing is written to cost nothing.
    private func begin() {
        guard buffer.capacity == 0 else { return }
        buffer = spares.take(partBytes + 2 * PartSealer.feedBytes + 4096)
        buffer += carried
        carried = []
    }
}
