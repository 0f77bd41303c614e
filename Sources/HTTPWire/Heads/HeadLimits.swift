/// Bounds of a head, in bytes but for `fields`. What is above is refused with 414 (target) or 431 (the rest).
package struct HeadLimits: Sendable {
    /// The whole head with its final empty line; below 4 GiB.
    package var bytes: Int
    package var target: Int
    package var fields: Int
    /// One field line without its CRLF.
    package var fieldBytes: Int

    package init(bytes: Int = 32 << 10, target: Int = 8 << 10, fields: Int = 100, fieldBytes: Int = 16 << 10) {
        self.bytes = bytes
        self.target = target
        self.fields = fields
        self.fieldBytes = fieldBytes
    }

    /// A method longer than this is none that exists: 501 (RFC 9112 section 3).
    static let methodBytes = 32
    /// A name longer than this is refused, so that reading a name again after each byte of a slow client stays cheap.
    static let nameBytes = 1024
    /// Fields that one head may name in Connection; each costs a look at every field.
    static let connectionOptions = 64
}
