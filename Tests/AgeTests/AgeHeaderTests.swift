import Base
import Crypto
import Testing

@testable import Age

/// Headers that no honest writer makes.
struct AgeHeaderTests {
    private static let mac = String(repeating: "A", count: 43)
    private static let full = String(repeating: "A", count: 64)

    @Test(arguments: [
        "-> X a\n\n--- \(mac)\n",
        "-> X\nAAAA\n--- \(mac)\n",
        "-> X\n\(full)\n\n--- \(mac)\n",
        "-> X !\"#~ é\n\n--- \(mac)\n",
        "-> X\n\n-> Y b c\nAA\n--- \(mac)\n",
    ])
    func stanzasAreRead(text: String) throws {
        let isASCII = text.utf8.allSatisfy { $0 < 0x80 }
        let file = Array("age-encryption.org/v1\n\(text)payload".utf8)
        if isASCII {
            #expect(try AgeHeader(parsing: file).length == file.count - 7)
        } else {
            #expect(throws: AgeError.self) { try AgeHeader(parsing: file) }
        }
    }

    @Test(
        arguments: [
            ("", .truncated),
            ("--- \(mac)\n", .malformedHeader(line: 2, reason: "a stanza was expected")),
            ("-> X\n\n", .truncated),
            ("-> X\n\n--- \(mac)", .truncated),
            ("-> X\n\n---\(mac)\n", .malformedHeader(line: 4, reason: "neither a stanza nor the MAC")),
            ("-> X\n\n---  \(mac)\n", .malformedHeader(line: 4, reason: "the MAC is not 32 bytes of base64")),
            ("-> X\n\n--- \(mac) \n", .malformedHeader(line: 4, reason: "the MAC is not 32 bytes of base64")),
            ("-> X\n\n--- \(mac)\r\n", .malformedHeader(line: 4, reason: "the MAC is not 32 bytes of base64")),
            ("-> X\n\n--- \(mac)=\n", .malformedHeader(line: 4, reason: "the MAC is not 32 bytes of base64")),
            (
                "-> X\n\n--- \(mac.dropLast())B\n",
                .malformedHeader(line: 4, reason: "the MAC is not 32 bytes of base64")
            ),
            ("-> \n\n--- \(mac)\n", .malformedHeader(line: 2, reason: "an argument is not of visible characters")),
            ("->  X\n\n--- \(mac)\n", .malformedHeader(line: 2, reason: "an argument is not of visible characters")),
            ("-> X \n\n--- \(mac)\n", .malformedHeader(line: 2, reason: "an argument is not of visible characters")),
            ("-> X\r\n\n--- \(mac)\n", .malformedHeader(line: 2, reason: "an argument is not of visible characters")),
            ("-> X\tY\n\n--- \(mac)\n", .malformedHeader(line: 2, reason: "an argument is not of visible characters")),
            ("->X\n\n--- \(mac)\n", .malformedHeader(line: 2, reason: "a stanza was expected")),
            ("-> X\nAA==\n--- \(mac)\n", .malformedHeader(line: 3, reason: "the body is not canonical base64")),
            ("-> X\nAB\n--- \(mac)\n", .malformedHeader(line: 3, reason: "the body is not canonical base64")),
            ("-> X\n\(full)A\n\n--- \(mac)\n", .malformedHeader(line: 3, reason: "more than 64 columns")),
            ("-> X\n\(full)\n--- \(mac)\n", .malformedHeader(line: 4, reason: "the body is not canonical base64")),
            ("-> X\nAA\nAA\n--- \(mac)\n", .malformedHeader(line: 4, reason: "neither a stanza nor the MAC")),
            ("-> X\n--- \(mac)\n", .malformedHeader(line: 3, reason: "the body is not canonical base64")),
            (
                String(repeating: "-> X\n\n", count: 129) + "--- \(mac)\n",
                .malformedHeader(line: 258, reason: "more than 128 stanzas")
            ),
            ("-> " + String(repeating: "X", count: 70_000) + "\n", .headerTooLarge),
        ] as [(String, AgeError)])
    func malformed(text: String, error: AgeError) {
        #expect(throws: error) { try AgeHeader(parsing: Array("age-encryption.org/v1\n\(text)".utf8)) }
    }

    @Test(
        arguments: [
            ("", .notAnAgeFile),
            ("age-encryption.org", .notAnAgeFile),
            ("age-encryption.org/", .truncated),
            ("age-encryption.org/\n", .malformedHeader(line: 1, reason: "the version is not of visible characters")),
            (
                "age-encryption.org/v1\r\n",
                .malformedHeader(line: 1, reason: "the version is not of visible characters")
            ),
            ("age-encryption.org/v2\n", .unsupportedVersion("v2")),
            ("age-encryption.org/v11\n", .unsupportedVersion("v11")),
            ("\nage-encryption.org/v1\n", .notAnAgeFile),
            ("Salted__", .notAnAgeFile),
        ] as [(String, AgeError)])
    func firstLine(text: String, error: AgeError) {
        #expect(throws: error) { try Age.decrypt(Array(text.utf8), with: [.generate()]) }
    }

    /// A file that has those stanzas and is sound otherwise.
    private func file(_ stanzas: [AgeStanza], _ fileKey: AgeFileKey) throws -> [UInt8] {
        var file = AgeHeader.encoded(stanzas, fileKey: fileKey)
        try AgePayload.seal([1, 2, 3], fileKey: fileKey, into: &file)
        return file
    }

    @Test func stanzasOfOtherTypesArePassedOver() throws {
        let identity = AgeIdentity.generate()
        let fileKey = AgeFileKey.random()
        let ours = try AgeStanza.x25519(wrapping: fileKey, for: identity.recipient)
        for count in [0, 1, 47, 48, 49, 96, 500] {
            let grease = AgeStanza(arguments: ["grease", "x", "~"], body: testBytes(count))
            let file = try file([grease, ours, AgeStanza(arguments: ["x25519"], body: [])], fileKey)
            #expect(try Age.decrypt(file, with: [identity]) == [1, 2, 3])
        }
    }

    @Test func malformedX25519StanzaIsRefusedWhomeverItIsFor() throws {
        let identity = AgeIdentity.generate()
        let fileKey = AgeFileKey.random()
        let ours = try AgeStanza.x25519(wrapping: fileKey, for: identity.recipient)
        let share = ours.arguments[1]
        let zero = String(repeating: "A", count: 43)
        let bad: [(AgeStanza, String)] = [
            (AgeStanza(arguments: ["X25519"], body: ours.body), "two arguments"),
            (AgeStanza(arguments: ["X25519", share, "x"], body: ours.body), "two arguments"),
            (AgeStanza(arguments: ["X25519", share + "AA"], body: ours.body), "not 32 bytes"),
            (AgeStanza(arguments: ["X25519", String(share.dropLast(2))], body: ours.body), "not 32 bytes"),
            (AgeStanza(arguments: ["X25519", share + "="], body: ours.body), "not 32 bytes"),
            (AgeStanza(arguments: ["X25519", share], body: ours.body + [0]), "not of 32 bytes"),
            (AgeStanza(arguments: ["X25519", share], body: Array(ours.body.dropLast())), "not of 32 bytes"),
            (AgeStanza(arguments: ["X25519", zero], body: ours.body), "low order"),
        ]
        for (stanza, message) in bad {
            let file = try file([stanza, ours], fileKey)
            #expect { try Age.decrypt(file, with: [identity]) } throws: { error in
                guard case AgeError.malformedHeader(line: 2, let reason) = error else { return false }
                return reason.contains(message)
            }
        }
    }

    @Test func wrappedKeyOfAnotherLengthIsRefused() throws {
        let identity = AgeIdentity.generate()
        let fileKey = AgeFileKey(key: SymmetricKey(size: .bits256))
        let stanza = try AgeStanza.x25519(wrapping: fileKey, for: identity.recipient)
        #expect(throws: AgeError.malformedHeader(line: 2, reason: "the body is not of 32 bytes")) {
            try Age.decrypt(try file([stanza], fileKey), with: [identity])
        }
    }

    @Test func scryptStanzaStandsAlone() throws {
        let fileKey = AgeFileKey.random()
        let identity = AgeIdentity.generate()
        let ours = try AgeStanza.x25519(wrapping: fileKey, for: identity.recipient)
        let scrypt = try AgeStanza.scrypt(wrapping: fileKey, passphrase: Secret("horse"), workFactor: 2)
        for stanzas in [[ours, scrypt], [scrypt, ours], [scrypt, scrypt]] {
            let file = try file(stanzas, fileKey)
            for work in [
                { try Age.decrypt(file, with: [identity]) }, { try Age.decrypt(file, passphrase: Secret("horse")) },
            ] {
                #expect { try work() } throws: { error in
                    if case AgeError.malformedHeader = error { true } else { false }
                }
            }
        }
    }

    @Test(arguments: ["0", "", "02", "+2", "-2", "2.0", "0x2", "99999999999999999999"])
    func workFactorHasOneForm(text: String) throws {
        let fileKey = AgeFileKey.random()
        let good = try AgeStanza.scrypt(wrapping: fileKey, passphrase: Secret("horse"), workFactor: 2)
        let stanza = AgeStanza(arguments: [good.arguments[0], good.arguments[1], text], body: good.body)
        #expect { try Age.decrypt(try file([stanza], fileKey), passphrase: Secret("horse")) } throws: { error in
            if case AgeError.malformedHeader = error { true } else { false }
        }
    }

    @Test func workIsBounded() throws {
        let fileKey = AgeFileKey.random()
        let good = try AgeStanza.scrypt(wrapping: fileKey, passphrase: Secret("horse"), workFactor: 2)
        let stanza = AgeStanza(arguments: [good.arguments[0], good.arguments[1], "21"], body: good.body)
        #expect(throws: AgeError.workFactorTooLarge(21, limit: 20)) {
            try Age.decrypt(try file([stanza], fileKey), passphrase: Secret("horse"))
        }
    }
}
