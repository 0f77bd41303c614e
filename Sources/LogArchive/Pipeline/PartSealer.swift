import Base
import Envelope

/// Encrypts what it is fed, where the recipe says so, and gives it away in parts.
///
/// Each part is an array of its own, made as large as it will be; only what was fed beyond its end is copied into the next.
/// Bound: a part, what one call of `feed` brings, and the segment of the envelope that waits.
final class PartSealer {
    /// What of one frame is fed at a time at most, so that a part is taken away before the next bytes come.
    static let feedBytes = 1 << 20

    private let partBytes: Int
    private var sealer: StreamSealer?
    private var buffer: [UInt8] = []

    init(recipe: SealRecipe, key: DataKey?, partBytes: Int) throws(ApusError) {
        self.partBytes = partBytes
        guard let envelope = recipe.envelope else { return }
        guard let key else { throw ApusError(code: "key-missing", "an encrypted generation needs its key") }
        buffer = envelope.header.encoded()
        sealer = try StreamSealer(
            key: key, associatedData: envelope.header.associatedData,
            salt: envelope.salt, noncePrefix: envelope.noncePrefix)
    }

    /// - Parameter bytes: At most `feedBytes`.
    func feed(_ bytes: ArraySlice<UInt8>) throws(ApusError) {
        if buffer.capacity < partBytes { buffer.reserveCapacity(capacity) }
        guard sealer != nil else {
            buffer += bytes
            return
        }
        try sealer?.feed(bytes.span, into: &buffer)
    }

    func finish() throws(ApusError) {
        try sealer?.finish(into: &buffer)
    }

    /// The next part, if there is more than that.
    func take() -> [UInt8]? {
        guard buffer.count > partBytes else { return nil }
        var next: [UInt8] = []
        next.reserveCapacity(capacity)
        next += buffer[partBytes...]
        buffer.removeLast(buffer.count - partBytes)
        swap(&next, &buffer)
        return next
    }

    func rest() -> [UInt8] {
        defer { buffer = [] }
        return buffer
    }

    /// A part, a segment that was waiting, and what is fed: pages that nothing is written to cost nothing.
    private var capacity: Int { partBytes + 2 * PartSealer.feedBytes + 4096 }
}
