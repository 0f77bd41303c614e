import TestKit
import Testing

@testable import Age

/// Files that were changed at random: nothing but the plaintext or an error ever comes out, and nothing stops the
/// program.
struct AgeFuzzTests {
    @Test(arguments: [false, true], [1, 2, 3, 4] as [UInt64])
    func changedFiles(armored: Bool, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let identity = AgeIdentity.generate()
        let plaintext = testBytes(300, seed: seed)
        let file = try Age.encrypt(plaintext, to: [identity.recipient, identity.recipient], armored: armored)
        for round in 0..<1500 {
            var changed = file
            for _ in 0...Int.random(in: 0..<3, using: &generator) { change(&changed, &generator) }
            guard let opened = try? Age.decrypt(changed, with: [identity]) else { continue }
            // White space around an armor is the only thing that may differ.
            let isSame = try AgeArmor.removed(from: changed) == AgeArmor.removed(from: file)
            #expect(opened == plaintext && isSame, "seed \(seed), round \(round)")
        }
    }

    private func change(_ file: inout [UInt8], _ generator: inout SeededGenerator) {
        guard !file.isEmpty else { return }
        let index = Int.random(in: 0..<file.count, using: &generator)
        let interesting = Array("\n\r -=>A1\u{0}".utf8)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: file[index] = interesting.randomElement(using: &generator) ?? 0
        case 1: file[index] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
        case 2: file.insert(interesting.randomElement(using: &generator) ?? 0, at: index)
        case 3: file.remove(at: index)
        case 4: file = Array(file.prefix(index))
        default:
            let end = Int.random(in: index...file.count, using: &generator)
            file.insert(contentsOf: Array(file[index..<end]), at: Int.random(in: 0...file.count, using: &generator))
        }
    }

    @Test(arguments: [11, 12] as [UInt64])
    func anyTextIsReadOrRefused(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "age-encryption.org/v1\n", "-> X25519 ", "-> scrypt ", "--- ", "\n", "AAAA", " ", "18", "\r\n",
            "-----BEGIN AGE ENCRYPTED FILE-----\n", "-----END AGE ENCRYPTED FILE-----\n", "=", "AGE-SECRET-KEY-1",
            "age1", "#", "é", "1",
        ]
        let identity = AgeIdentity.generate()
        for _ in 0..<3000 {
            let count = Int.random(in: 0..<20, using: &generator)
            let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            #expect(throws: AgeError.self) { try Age.decrypt(Array(text.utf8), with: [identity]) }
            #expect(throws: AgeError.self) { try AgeIdentity.parse(identityFile: text) }
            #expect(throws: AgeError.self) { try AgeRecipient(text) }
        }
    }
}
