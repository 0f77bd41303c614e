import Crypto

/// What follows the header: STREAM (Hoang, Reyhanitabar, Rogaway and Vizár, 2015) over ChaCha20-Poly1305.
///
///     <nonce, 16 bytes>                              the salt from which the payload's key is derived
///     <64 KiB of ciphertext> <tag, 16 bytes> …       the nonce of a chunk: its number (11 bytes, big-endian), then 0
///     <0 to 64 KiB of ciphertext> <tag, 16 bytes>    the last chunk: 1 at the end of its nonce; empty only if it is
///                                                    the first
enum AgePayload {
    static let nonceLength = 16
    static let chunkLength = 64 << 10
    static let tagLength = 16

    /// Appends the payload to `file`.
    ///
    /// - Throws: Nothing in practice: `payloadAltered` should the cipher itself fail.
    static func seal(_ plaintext: [UInt8], fileKey: AgeFileKey, into file: inout [UInt8]) throws(AgeError) {
        let nonce = randomBytes(nonceLength)
        let key = fileKey.payloadKey(nonce: nonce)
        let chunks = max(1, (plaintext.count + chunkLength - 1) / chunkLength)
        file.reserveCapacity(file.count + nonceLength + plaintext.count + chunks * tagLength)
        file += nonce
        for chunk in 0..<chunks {
            let start = chunk * chunkLength
            let part = plaintext[start..<min(start + chunkLength, plaintext.count)]
            guard let chunkNonce = self.nonce(chunk, isLast: chunk == chunks - 1),
                let box = try? ChaChaPoly.seal(part, using: key, nonce: chunkNonce)
            else { throw .payloadAltered }
            file += box.ciphertext
            file += box.tag
        }
    }

    /// - Throws: `truncated`, `payloadAltered`, `trailingData`; then nothing of the plaintext is returned.
    static func open(_ payload: ArraySlice<UInt8>, fileKey: AgeFileKey) throws(AgeError) -> [UInt8] {
        guard payload.count >= nonceLength + tagLength else { throw .truncated }
        let key = fileKey.payloadKey(nonce: Array(payload.prefix(nonceLength)))
        var rest = payload.dropFirst(nonceLength)
        var plaintext = [UInt8]()
        plaintext.reserveCapacity(rest.count)
        var chunk = 0
        repeat {
            let part = rest.prefix(chunkLength + tagLength)
            rest = rest.dropFirst(part.count)
            guard part.count >= tagLength else { throw .truncated }
            let isLast = rest.isEmpty
            guard open(part, chunk, isLast: isLast, key, into: &plaintext) else {
                // The tag says whether the chunk is the last. One that fits the other way tells what happened to the
                // file.
                var ignored = [UInt8]()
                guard open(part, chunk, isLast: !isLast, key, into: &ignored) else { throw .payloadAltered }
                throw isLast ? .truncated : .trailingData
            }
            // An empty last chunk would be a second way to write the same file.
            guard chunk == 0 || part.count > tagLength else { throw .payloadAltered }
            chunk += 1
        } while !rest.isEmpty
        return plaintext
    }

    private static func open(
        _ part: ArraySlice<UInt8>, _ chunk: Int, isLast: Bool, _ key: SymmetricKey, into plaintext: inout [UInt8]
    ) -> Bool {
        guard let nonce = nonce(chunk, isLast: isLast),
            let box = try? ChaChaPoly.SealedBox(
                nonce: nonce, ciphertext: part.dropLast(tagLength), tag: part.suffix(tagLength)),
            let opened = try? ChaChaPoly.open(box, using: key)
        else { return false }
        plaintext += opened
        return true
    }

    private static func nonce(_ chunk: Int, isLast: Bool) -> ChaChaPoly.Nonce? {
        var bytes = [UInt8](repeating: 0, count: 12)
        for index in 0..<8 { bytes[10 - index] = UInt8(truncatingIfNeeded: chunk >> (8 * index)) }
        bytes[11] = isLast ? 1 : 0
        return try? ChaChaPoly.Nonce(data: bytes)
    }
}
