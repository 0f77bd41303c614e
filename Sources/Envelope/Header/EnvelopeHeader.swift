package import Base
import Crypto

/// What stands before the sealed content, in the clear. Numbers are big-endian; a field is a u16 length and its bytes.
///
///     "APUSLOG1"                        magic: the last character is the format's version
///     u32 size                          of the header, a multiple of 4,096, at most 65,536
///     u32 length, the fixed part        never changed; these bytes are the associated data of the stream
///         u16 1                         the version of the fixed part
///         field                         algorithm: AES256_GCM_HKDF_1MB
///         field                         compression: zstd, gzip, none
///         u16 n, n × (field, field)     context, in order of the names
///     u32 length, the wrapping part     replaced when the data key is wrapped anew
///         field × 4                     provider, key id, key version, wrapped data key
///     zeros                             up to size - 32, so that a new wrapping has room
///     SHA-256                           of all bytes before it: tells damage from a wrong key; it proves nothing
///
/// There is one encoding of each header: bytes that would be written otherwise are refused.
package struct EnvelopeHeader: Sendable, Equatable {
    /// Enough of a file to know the header's size: magic and size.
    package static let prefixSize = 12
    package static let algorithm = "AES256_GCM_HKDF_1MB"
    static let magic = Array("APUSLOG1".utf8)
    static let block = 4096
    static let maximumSize = 16 * block
    static let checksumSize = 32
    static let fixedVersion = 1

    /// What the plaintext of the stream is packed with: `zstd`, `gzip`, `none`.
    package let compression: String
    /// What the file is bound to.
    package let context: EnvelopeContext
    package private(set) var wrapped: WrappedKey
    /// Bytes of the encoded header: where the stream begins.
    package private(set) var size: Int
    /// The fixed part: the associated data of the stream.
    package let associatedData: [UInt8]

    /// - Throws: `ApusError` `envelope-field` for what a header cannot hold.
    package init(compression: String, context: EnvelopeContext, wrapped: WrappedKey) throws(ApusError) {
        try self.init(compression, context, wrapped, size: EnvelopeHeader.block)
    }

    /// - Parameter size: The least size that the header has.
    init(_ compression: String, _ context: EnvelopeContext, _ wrapped: WrappedKey, size: Int) throws(ApusError) {
        guard FieldBounds.isName(compression, limit: FieldBounds.compressionBytes) else {
            throw ApusError(code: "envelope-field", "the compression of a sealed file is a name of 1 to 16 characters")
        }
        try context.check()
        try wrapped.check()
        self.compression = compression
        self.context = context
        self.wrapped = wrapped
        associatedData = EnvelopeHeader.fixedPart(compression, context)
        self.size = max(size, EnvelopeHeader.neededSize(associatedData, wrapped))
    }

    /// The header with its data key wrapped anew: of the same size, unless the new wrapping needs a block more. Where
    /// the size stays, the file is changed by writing these bytes over its beginning.
    ///
    /// - Throws: `ApusError` `envelope-field`.
    package func rewrapped(_ wrapped: WrappedKey) throws(ApusError) -> EnvelopeHeader {
        try EnvelopeHeader(compression, context, wrapped, size: size)
    }

    /// The `size` bytes to put before the stream.
    package func encoded() -> [UInt8] {
        var writer = FieldWriter()
        writer.raw(EnvelopeHeader.magic)
        writer.number32(size)
        let wrapping = EnvelopeHeader.wrappingPart(wrapped)
        for part in [associatedData, wrapping] {
            writer.number32(part.count)
            writer.raw(part)
        }
        writer.raw([UInt8](repeating: 0, count: size - EnvelopeHeader.checksumSize - writer.bytes.count))
        writer.raw(SHA256.hash(data: writer.bytes))
        return writer.bytes
    }

    private static func fixedPart(_ compression: String, _ context: EnvelopeContext) -> [UInt8] {
        var writer = FieldWriter()
        writer.number16(fixedVersion)
        writer.field(algorithm)
        writer.field(compression)
        writer.number16(context.pairs.count)
        for pair in context.pairs {
            writer.field(pair.name)
            writer.field(pair.value)
        }
        return writer.bytes
    }

    private static func wrappingPart(_ wrapped: WrappedKey) -> [UInt8] {
        var writer = FieldWriter()
        for text in [wrapped.provider, wrapped.keyID, wrapped.version] { writer.field(text) }
        writer.field(wrapped.ciphertext)
        return writer.bytes
    }

    /// The bounds of the fields keep it under `maximumSize`.
    private static func neededSize(_ fixed: [UInt8], _ wrapped: WrappedKey) -> Int {
        let bytes = prefixSize + 4 + fixed.count + 4 + wrappingPart(wrapped).count + checksumSize
        return (bytes + block - 1) / block * block
    }
}
