import Base
import TestKit
import Testing

@testable import Age

/// Sizes around the limits of a chunk, and far past them.
let payloadSizes = [0, 1, 65_535, 65_536, 65_537, 131_072, 3 << 20]

/// Bytes that a seed repeats.
func testBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    var bytes = [UInt8]()
    bytes.reserveCapacity(count + 8)
    while bytes.count < count { withUnsafeBytes(of: generator.next()) { bytes += $0 } }
    return Array(bytes.prefix(count))
}

struct AgeRoundTripTests {
    @Test(arguments: payloadSizes, [false, true])
    func whatIsEncryptedIsDecrypted(size: Int, armored: Bool) throws {
        let identity = AgeIdentity.generate()
        let plaintext = testBytes(size)
        let file = try Age.encrypt(plaintext, to: [identity.recipient], armored: armored)
        #expect(Age.isEncrypted(file))
        // A comparison outside of the macro: a failure must not print megabytes.
        let isSame = try Age.decrypt(file, with: [identity]) == plaintext
        #expect(isSame)
    }

    @Test func eachRecipientDecrypts() throws {
        let identities = (0..<5).map { _ in AgeIdentity.generate() }
        let file = try Age.encrypt([1, 2, 3], to: identities.map(\.recipient))
        for identity in identities { #expect(try Age.decrypt(file, with: [identity]) == [1, 2, 3]) }
        #expect(throws: AgeError.noIdentityMatches) { try Age.decrypt(file, with: [.generate()]) }
        #expect(throws: AgeError.noIdentityMatches) { try Age.decrypt(file, with: []) }
        #expect(try Age.decrypt(file, with: [.generate(), identities[4]]) == [1, 2, 3])
    }

    @Test func recipientsAreBounded() throws {
        let recipient = AgeIdentity.generate().recipient
        #expect(throws: AgeError.noRecipients) { try Age.encrypt([], to: []) }
        #expect(throws: AgeError.tooManyRecipients(limit: 128)) {
            try Age.encrypt([], to: Array(repeating: recipient, count: 129))
        }
        #expect(try Age.encrypt([], to: Array(repeating: recipient, count: 128)).count > 128 * 90)
    }

    /// Points of low order (RFC 7748, section 6.1): 0, 1, p - 1 and p + 1. With them everybody agrees on zero.
    @Test(arguments: [(0x00, 0x00, 0x00), (0x01, 0x00, 0x00), (0xEC, 0xFF, 0x7F), (0xEE, 0xFF, 0x7F)])
    func recipientOfLowOrderIsRefused(first: Int, middle: Int, last: Int) throws {
        let middle = [UInt8](repeating: UInt8(middle), count: 30)
        let recipient = AgeRecipient(bytes: [UInt8(first)] + middle + [UInt8(last)])
        #expect { try Age.encrypt([1], to: [recipient]) } throws: { error in
            if case AgeError.badKey = error { true } else { false }
        }
    }

    @Test func twoFilesOfTheSameAreDifferent() throws {
        let recipient = AgeIdentity.generate().recipient
        #expect(try Age.encrypt([1], to: [recipient]) != Age.encrypt([1], to: [recipient]))
    }

    @Test func passphrase() throws {
        let file = try Age.encrypt([7], passphrase: Secret("horse"), workFactor: 4, armored: true)
        #expect(try Age.decrypt(file, passphrase: Secret("horse")) == [7])
        #expect(throws: AgeError.wrongPassphrase) { try Age.decrypt(file, passphrase: Secret("house")) }
        #expect(throws: AgeError.passphraseRequired) { try Age.decrypt(file, with: [.generate()]) }
        let other = try Age.encrypt([7], to: [AgeIdentity.generate().recipient])
        #expect(throws: AgeError.noPassphrase) { try Age.decrypt(other, passphrase: Secret("horse")) }
        #expect(throws: AgeError.workFactorTooLarge(21, limit: 20)) {
            try Age.encrypt([7], passphrase: Secret("horse"), workFactor: 21)
        }
    }
}
