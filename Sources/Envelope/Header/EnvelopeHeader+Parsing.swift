package import Base
import Crypto

/// Reading a header that anyone may have written.
extension EnvelopeHeader {
    /// How many bytes the header of this file has.
    ///
    /// - Parameter prefix: The first bytes of the file; what stands behind `prefixSize` is not looked at.
    /// - Throws: `ApusError` `envelope-not` when the file is none of ours, `envelope-version` when it is of a format
    ///   that this version does not know, `envelope-truncated`, or `envelope-damaged`.
    package static func size(fromPrefix prefix: [UInt8]) throws(ApusError) -> Int {
        let start = prefix.prefix(magic.count)
        guard start.elementsEqual(magic.prefix(start.count)) || start.starts(with: magic.dropLast()), !start.isEmpty
        else {
            throw ApusError(code: "envelope-not", "this is not a sealed file of apus: it does not begin with APUSLOG1")
        }
        guard prefix.count >= prefixSize else { throw Envelope.truncated("it ends within its header") }
        guard start.last == magic.last else {
            throw ApusError(
                code: "envelope-version", "the sealed file is of another format than APUSLOG1: a newer apus wrote it")
        }
        var reader = FieldReader(prefix[magic.count..<prefixSize])
        guard let size = reader.number32(), size > 0, size <= maximumSize, size % block == 0 else {
            throw Envelope.damaged("its size is no multiple of 4,096 up to 65,536")
        }
        return size
    }

    /// Reads the header at the beginning of a file.
    ///
    /// - Parameter bytes: The first bytes of the file, at least as many as `size(fromPrefix:)` says.
    /// - Throws: As `size(fromPrefix:)`.
    package init(parsing bytes: [UInt8]) throws(ApusError) {
        let size = try EnvelopeHeader.size(fromPrefix: bytes)
        guard bytes.count >= size else { throw Envelope.truncated("it ends within its header") }
        let header = bytes[..<size]
        let end = size - EnvelopeHeader.checksumSize
        guard header[end...].elementsEqual(SHA256.hash(data: header[..<end])) else {
            throw Envelope.damaged("its checksum is wrong")
        }
        var reader = FieldReader(header[EnvelopeHeader.prefixSize..<end])
        guard let fixed = reader.number32().flatMap({ reader.raw($0) }),
            let wrapping = reader.number32().flatMap({ reader.raw($0) })
        else { throw Envelope.damaged("its parts do not fit into it") }
        let (compression, context) = try EnvelopeHeader.parseFixed(fixed)
        let wrapped = try EnvelopeHeader.parseWrapping(wrapping)
        do throws(ApusError) {
            try self.init(compression, context, wrapped, size: size)
        } catch {
            throw Envelope.damaged(error.message)
        }
        // Pairs out of order, bytes in the padding, fields behind the last: whatever has another encoding.
        guard encoded().elementsEqual(header) else { throw Envelope.damaged("it is not written the one way it can be") }
    }

    private static func parseFixed(
        _ bytes: ArraySlice<UInt8>
    ) throws(ApusError) -> (compression: String, context: EnvelopeContext) {
        var reader = FieldReader(bytes)
        guard let version = reader.number16() else { throw Envelope.damaged("its fixed part is cut") }
        guard version == fixedVersion else {
            throw ApusError(code: "envelope-version", "the sealed file's header has version \(version), we know 1")
        }
        guard let algorithm = reader.text() else { throw Envelope.damaged("its algorithm is no text") }
        guard algorithm == self.algorithm else {
            throw ApusError(
                code: "envelope-version", "the sealed file's algorithm is another one than \(self.algorithm)")
        }
        guard let compression = reader.text(), let count = reader.number16(), count <= FieldBounds.pairs else {
            throw Envelope.damaged("its fixed part is cut")
        }
        var pairs: [String: String] = [:]
        for _ in 0..<count {
            guard let name = reader.text(), let value = reader.text() else {
                throw Envelope.damaged("its context is cut")
            }
            pairs[name] = value
        }
        return (compression, EnvelopeContext(pairs))
    }

    private static func parseWrapping(_ bytes: ArraySlice<UInt8>) throws(ApusError) -> WrappedKey {
        var reader = FieldReader(bytes)
        guard let provider = reader.text(), let keyID = reader.text(), let version = reader.text(),
            let ciphertext = reader.field()
        else { throw Envelope.damaged("its wrapped key is cut") }
        return WrappedKey(provider: provider, keyID: keyID, version: version, ciphertext: ciphertext)
    }
}
