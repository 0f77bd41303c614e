import Crypto

/// The key derivation of RFC 7914, on HMAC-SHA-256 of swift-crypto.
///
/// It is written here because swift-crypto's own stands in its `CryptoExtras` product, which adds 1.3 MB to a static
/// binary for these lines. Memory is 128 · blockSize · 2^logarithmOfCost bytes, and is what makes guessing dear: the
/// time goes into reading it in an order that depends on the passphrase.
enum Scrypt {
    /// - Parameters:
    ///   - logarithmOfCost: The power of two of N, 1 to 20 here; callers check it.
    ///   - blockSize: r; `parallelism` is p, done one after the other.
    ///   - length: Bytes of the result.
    static func deriveKey(
        _ password: [UInt8], salt: [UInt8], logarithmOfCost: Int, blockSize: Int, parallelism: Int, length: Int
    ) -> [UInt8] {
        precondition((1...30).contains(logarithmOfCost) && blockSize > 0 && parallelism > 0)
        let words = 32 * blockSize
        let bytes = stretch(password, salt: salt, length: parallelism * words * 4)
        var block = [UInt32]()
        block.reserveCapacity(bytes.count / 4)
        for offset in stride(from: 0, to: bytes.count, by: 4) {
            let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
            block.append(word)
        }
        block.withUnsafeMutableBufferPointer { block in
            for lane in 0..<parallelism {
                let part = UnsafeMutableBufferPointer(rebasing: block[(lane * words)..<((lane + 1) * words)])
                mix(part, cost: 1 << logarithmOfCost)
            }
        }
        let mixed = block.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
        return stretch(password, salt: mixed, length: length)
    }

    /// PBKDF2 with one iteration (RFC 8018).
    private static func stretch(_ password: [UInt8], salt: [UInt8], length: Int) -> [UInt8] {
        let key = SymmetricKey(data: password)
        var keyed = HMAC<SHA256>(key: key)
        keyed.update(data: salt)
        var result = [UInt8]()
        var index: UInt32 = 1
        while result.count < length {
            var authentication = keyed
            authentication.update(data: (0..<4).map { UInt8(truncatingIfNeeded: index >> UInt32(24 - 8 * $0)) })
            result += Array(authentication.finalize())
            index += 1
        }
        return Array(result.prefix(length))
    }

    /// scryptROMix: fills the memory with the states of `block`, then reads them back in the order that the states ask
    /// for.
    private static func mix(_ block: UnsafeMutableBufferPointer<UInt32>, cost: Int) {
        let words = block.count
        let memory = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: words * cost)
        let spare = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: words)
        defer {
            memory.deallocate()
            spare.deallocate()
        }
        guard let state = block.baseAddress, let saved = memory.baseAddress, let scratch = spare.baseAddress else {
            return
        }
        for step in 0..<cost {
            (saved + step * words).update(from: state, count: words)
            mixBlock(state, scratch, words)
        }
        let mask = UInt32(cost - 1)
        for _ in 0..<cost {
            let chosen = saved + Int(state[words - 16] & mask) * words
            for index in 0..<words { state[index] ^= chosen[index] }
            mixBlock(state, scratch, words)
        }
    }

    /// scryptBlockMix: runs of 16 words through Salsa20/8, the even ones to the front and the odd ones to the back.
    private static func mixBlock(
        _ block: UnsafeMutablePointer<UInt32>, _ scratch: UnsafeMutablePointer<UInt32>, _ words: Int
    ) {
        var state = load(block + (words - 16))
        for run in 0..<(words / 16) {
            state ^= load(block + run * 16)
            salsa(&state)
            let place = (run / 2 + (run % 2) * (words / 32)) * 16
            UnsafeMutableRawPointer(scratch + place).storeBytes(of: state, as: SIMD16<UInt32>.self)
        }
        block.update(from: scratch, count: words)
    }

    private static func load(_ words: UnsafeMutablePointer<UInt32>) -> SIMD16<UInt32> {
        UnsafeRawPointer(words).loadUnaligned(as: SIMD16<UInt32>.self)
    }

    /// Salsa20/8. The matrix is turned so that each of its diagonals is one vector of four words: a quarter-round is
    /// then four operations for all four columns at once, and the row rounds are the same after a rotation of the
    /// vectors' lanes.
    private static func salsa(_ state: inout SIMD16<UInt32>) {
        var a = SIMD4(state[0], state[5], state[10], state[15])
        var b = SIMD4(state[4], state[9], state[14], state[3])
        var c = SIMD4(state[8], state[13], state[2], state[7])
        var d = SIMD4(state[12], state[1], state[6], state[11])
        for _ in 0..<4 {
            quarterRound(&a, &b, &c, &d)
            b = SIMD4(b[3], b[0], b[1], b[2])
            c = SIMD4(c[2], c[3], c[0], c[1])
            d = SIMD4(d[1], d[2], d[3], d[0])
            quarterRound(&a, &d, &c, &b)
            b = SIMD4(b[1], b[2], b[3], b[0])
            c = SIMD4(c[2], c[3], c[0], c[1])
            d = SIMD4(d[3], d[0], d[1], d[2])
        }
        state &+= SIMD16(
            a[0], d[1], c[2], b[3], b[0], a[1], d[2], c[3], c[0], b[1], a[2], d[3], d[0], c[1], b[2], a[3])
    }

    @inline(__always)
    private static func quarterRound(
        _ a: inout SIMD4<UInt32>, _ b: inout SIMD4<UInt32>, _ c: inout SIMD4<UInt32>, _ d: inout SIMD4<UInt32>
    ) {
        b ^= rotate(a &+ d, 7)
        c ^= rotate(b &+ a, 9)
        d ^= rotate(c &+ b, 13)
        a ^= rotate(d &+ c, 18)
    }

    @inline(__always)
    private static func rotate(_ words: SIMD4<UInt32>, _ bits: UInt32) -> SIMD4<UInt32> {
        (words &<< bits) | (words &>> (32 - bits))
    }
}
