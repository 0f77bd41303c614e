import Base
import Compression
package import Envelope

/// From which, with the plain content, the sealed bytes follow.
package struct SealRecipe: Sendable, Equatable {
    package var compression: CompressSettings.Algorithm
    package var level: Int
    package var frameBytes: Int
    package var long: Int?
    /// The compressor's version: another one may give other bytes.
    package var engine: String
    /// The envelope: its header, the salt and the nonce prefix of its stream; nil where nothing is encrypted.
    package var envelope: EnvelopeRecipe?
}

package struct EnvelopeRecipe: Sendable, Equatable {
    package var header: EnvelopeHeader
    package var salt: [UInt8]
    package var noncePrefix: [UInt8]
}
