import Base
import Envelope

/// Encrypts what it is fed, where the recipe says so, and gives it away in parts.
final class PartSealer {
    private var sealer: StreamSealer?
    private var buffer: [UInt8] = []

    init(recipe: SealRecipe, key: DataKey?) throws(ApusError) {
        guard let envelope = recipe.envelope else { return }
        guard let key else { throw ApusError(code: "key-missing", "an encrypted generation needs its key") }
        buffer = envelope.header.encoded()
        sealer = try StreamSealer(
            key: key, associatedData: envelope.header.associatedData,
            salt: envelope.salt, noncePrefix: envelope.noncePrefix)
    }

    func feed(_ bytes: [UInt8]) throws(ApusError) {
        guard sealer != nil else {
            buffer += bytes
            return
        }
        try sealer?.feed(bytes.span, into: &buffer)
    }

    func finish() throws(ApusError) {
        try sealer?.finish(into: &buffer)
    }

    /// The next `count` bytes, if there are more than so many.
    func take(_ count: Int) -> [UInt8]? {
        guard buffer.count > count else { return nil }
        let part = Array(buffer[..<count])
        buffer.removeFirst(count)
        return part
    }

    func rest() -> [UInt8] {
        defer { buffer = [] }
        return buffer
    }
}
