package import Base

/// Compression: byte streams made smaller and back again: gzip (RFC 1952) over zlib for `/metrics`, OTLP bodies and
/// logs, and zstd (RFC 8878, see `Zstd`) for archives of logs.
///
/// What always holds: a stream owns its zlib state and frees it exactly once; memory is fixed per stream (zlib's
/// window, about 256 KiB to encode and 44 KiB to decode) plus what the caller lets grow in its own buffer; a decoder
/// never gives more bytes than the limit that it was made with, whatever the input claims (decompression bombs).
package enum Gzip {
    /// Compresses the whole of `bytes` into one gzip member.
    ///
    /// - Throws: `ApusError` `gzip-memory` when zlib cannot allocate its state.
    package static func compress(_ bytes: [UInt8], level: GzipLevel = .standard) throws(ApusError) -> [UInt8] {
        var encoder = try GzipEncoder(level: level)
        var output = [UInt8]()
        output.reserveCapacity(bytes.count / 4 + 64)
        try encoder.feed(bytes, into: &output)
        try encoder.finish(into: &output)
        return output
    }

    /// Expands all members of `bytes`, at most `limit` bytes in sum.
    ///
    /// - Throws: `ApusError` `gzip-corrupt`, `gzip-truncated`, `output-too-large` or `gzip-memory`.
    package static func decompress(_ bytes: [UInt8], limit: Int) throws(ApusError) -> [UInt8] {
        var decoder = try GzipDecoder(limit: limit)
        var output = [UInt8]()
        try decoder.feed(bytes, into: &output)
        try decoder.finish()
        return output
    }
}

/// How hard to try, 1...9. `fastest` costs about a third of the processor time of `standard` for bodies some tenths
/// larger.
package struct GzipLevel: Hashable, Sendable, CaseIterable {
    package static let fastest = GzipLevel(trusted: 1)
    package static let standard = GzipLevel(trusted: 6)
    package static let best = GzipLevel(trusted: 9)
    package static let allCases = (1...9).map { GzipLevel(trusted: $0) }

    package let rawValue: Int32

    /// Nil for what is not 1...9.
    package init?(_ level: Int) {
        guard (1...9).contains(level) else { return nil }
        rawValue = Int32(level)
    }

    private init(trusted level: Int32) { rawValue = level }
}
