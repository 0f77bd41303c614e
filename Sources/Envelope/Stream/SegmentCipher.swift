import Base
import Crypto
import FoundationEssentials

/// One stream's cipher (Tink, "AES-GCM-HKDF streaming AEAD"): AES-256-GCM without associated data, under a key of this
/// stream alone, which HKDF-SHA256 derives from the data key with the stream's salt and, as `info`, its associated
/// data. The nonce of a segment: the prefix (7 bytes), its number (4 bytes, big-endian), 1 for the last segment and 0
/// before.
struct SegmentCipher: Sendable {
    private let key: SymmetricKey
    private let prefix: [UInt8]

    init(key: DataKey, associatedData: [UInt8], salt: [UInt8], prefix: [UInt8]) {
        self.key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: key.reveal()), salt: salt, info: associatedData, outputByteCount: 32)
        self.prefix = prefix
        _ = HeapReserve.isMade
    }

    /// Appends ciphertext and tag.
    ///
    /// Two copies a segment: swift-crypto joins nonce, ciphertext and tag, and we take them over (see `HeapReserve`).
    ///
    /// - Throws: Nothing in practice: `envelope-state` should the cipher itself fail.
    func seal(
        _ plain: UnsafeRawBufferPointer, index: UInt32, isLast: Bool, into output: inout [UInt8]
    ) throws(ApusError) {
        guard let nonce = nonce(index, isLast), let box = try? AES.GCM.seal(plain, using: key, nonce: nonce),
            let sealed = box.combined
        else { throw ApusError(code: "envelope-state", "AES-GCM cannot seal a segment") }
        sealed.withUnsafeBytes { output.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[12...])) }
    }

    /// Appends the segment's content if its tag is right; otherwise nothing.
    ///
    /// - Returns: Whether it is.
    func open(
        _ sealed: UnsafeRawBufferPointer, index: UInt32, isLast: Bool, into output: inout [UInt8]
    ) -> Bool {
        let length = sealed.count - SegmentLayout.tagBytes
        guard length >= 0, let nonce = nonce(index, isLast),
            let box = try? AES.GCM.SealedBox(
                nonce: nonce, ciphertext: UnsafeRawBufferPointer(rebasing: sealed[..<length]),
                tag: UnsafeRawBufferPointer(rebasing: sealed[length...])),
            let plain = try? AES.GCM.open(box, using: key)
        else { return false }
        plain.withUnsafeBytes { output.append(contentsOf: $0) }
        return true
    }

    private func nonce(_ index: UInt32, _ isLast: Bool) -> AES.GCM.Nonce? {
        var bytes = prefix
        for shift in [UInt32(24), 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: index >> shift)) }
        bytes.append(isLast ? 1 : 0)
        return try? AES.GCM.Nonce(data: bytes)
    }
}
