import Testing

@testable import Age

struct AgeIdentityTests {
    // A pair that age-keygen 1.1.1 has made for this test.
    private static let secret = "AGE-SECRET-KEY-15RCWXV762NWDSFQXPCAFXW2CWV5KMYFZ4TZ404GYMW6QHLTFA66STLQQKF"
    private static let recipient = "age1tlw5vt0q0k3l5rrfxgkm02znseav80wj2tl3c0va9n0fgyg70aeq265d7z"

    @Test func knownPair() throws {
        let identity = try AgeIdentity(AgeIdentityTests.secret)
        #expect("\(identity.recipient)" == AgeIdentityTests.recipient)
        #expect(identity.reveal() == AgeIdentityTests.secret)
        #expect(try AgeRecipient(AgeIdentityTests.recipient) == identity.recipient)
    }

    @Test func identityShowsItselfToNobody() throws {
        let identity = try AgeIdentity(AgeIdentityTests.secret)
        var dumped = ""
        dump([identity], to: &dumped)
        for text in ["\(identity)", String(reflecting: identity), dumped, "\([identity])"] {
            #expect(text.contains("redacted") && !text.contains("SECRET"))
        }
    }

    @Test func fileOfIdentities() throws {
        let other = AgeIdentity.generate()
        let text = "# created: today\r\n\n\(AgeIdentityTests.secret)\r\n#\n\(other.reveal())"
        let identities = try AgeIdentity.parse(identityFile: text)
        #expect(identities.map(\.recipient) == [try AgeRecipient(AgeIdentityTests.recipient), other.recipient])
    }

    @Test(
        arguments: [
            ("", nil, "there is no identity"),
            ("# only a comment\n\n", nil, "there is no identity"),
            ("# a\nage1qqqq\n", 2, "a recipient stands where"),
            ("AGE-PLUGIN-YUBIKEY-1XYZ", 1, "plugins are not supported"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----", 1, "PEM is not one"),
            ("hello", 1, "starts with AGE-SECRET-KEY-1"),
            (" AGE-SECRET-KEY-1QQ", 1, "starts with AGE-SECRET-KEY-1"),
            ("\n\n\(secret)x\n", 3, "mixes upper and lower case"),
            ("\(secret)Q", 1, "its checksum does not fit"),
            (secret.lowercased(), 1, "starts with AGE-SECRET-KEY-1"),
            ("\(secret) # comment", 1, "a character that does not belong there"),
        ] as [(String, Int?, String)])
    func badFile(text: String, line: Int?, reason: String) throws {
        #expect { try AgeIdentity.parse(identityFile: text) } throws: { error in
            guard case AgeError.badKey(let found, let message) = error else { return false }
            // No part of a key is in the message.
            return found == line && message.contains(reason) && !message.contains("1QQ")
                && !"\(error)".contains(AgeIdentityTests.secret.suffix(10))
        }
    }

    @Test func otherLengthsAreRefused() {
        for count in [0, 16, 31, 33, 64] {
            let secret = Bech32.encode(prefix: "age-secret-key-", testBytes(count)).uppercased()
            #expect(throws: AgeError.self) { try AgeIdentity(secret) }
            #expect(throws: AgeError.self) { try AgeRecipient(Bech32.encode(prefix: "age", testBytes(count))) }
        }
    }

    @Test func identitiesAreBounded() throws {
        let line = AgeIdentityTests.secret + "\n"
        #expect(try AgeIdentity.parse(identityFile: String(repeating: line, count: 128)).count == 128)
        #expect(throws: AgeError.badKey(line: 129, reason: "more than 128 identities")) {
            try AgeIdentity.parse(identityFile: String(repeating: line, count: 129))
        }
    }

    @Test(arguments: [
        ("", "a recipient starts with age1"),
        ("AGE1QQ", "a recipient starts with age1"),
        (secret, "a secret key stands where"),
        (secret.lowercased(), "a secret key stands where"),
        (recipient + "q", "its checksum does not fit"),
        (recipient + " ", "a character that does not belong there"),
        (recipient.replacingFirst("age1", "age1pq1"), "does not"),
        (Bech32.encode(prefix: "age1tag", [UInt8](repeating: 1, count: 32)), "not supported"),
    ])
    func badRecipient(text: String, reason: String) {
        #expect { try AgeRecipient(text) } throws: { error in
            guard case AgeError.badKey(nil, let message) = error else { return false }
            return message.contains(reason) && !message.contains(AgeIdentityTests.secret)
        }
    }
}

extension String {
    fileprivate func replacingFirst(_ start: String, _ other: String) -> String { other + dropFirst(start.count) }
}
