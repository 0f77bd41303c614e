import Base
import Crypto
import Testing

@testable import Age

struct AllowedSignerTests {
    private static let blob =
        SSHWire.string(Array("ssh-ed25519".utf8))
        + SSHWire.string(Array(Curve25519.Signing.PrivateKey().publicKey.rawRepresentation))
    private static let encoded = String(decoding: AgeBase64.encode(blob, padded: true), as: UTF8.self)
    private static let key = "ssh-ed25519 \(encoded)"
    /// 2026-06-15 12:00:00 UTC.
    private static let noon: Int64 = 1_781_524_800

    private func choose(_ text: String, namespace: String = "git", seconds: Int64 = noon) throws -> AllowedSigner {
        try AllowedSigner.choose(
            try AllowedSigner.parse(text), key: AllowedSignerTests.blob, namespace: namespace,
            now: WallInstant(secondsSince1970: seconds))
    }

    @Test(arguments: [
        ("ann \(key)", "ann", 1),
        ("ann \(key) a comment", "ann", 1),
        ("  ann\t\(key)\r\n", "ann", 1),
        ("# c\n\n   \n\t# c\nann,bob \(key)\n", "ann,bob", 5),
        ("\"ann smith,bob\" \(key)", "ann smith,bob", 1),
        ("*@example.com \(key)", "*@example.com", 1),
        ("ann namespaces=\"git\" \(key)", "ann", 1),
        ("ann NAMESPACES=\"file,git\" \(key)", "ann", 1),
        ("ann namespaces=\"g*\",valid-after=\"20260101\" \(key)", "ann", 1),
        ("ann namespaces=\"file\" \(key)\nbob \(key)", "bob", 2),
        ("ann valid-before=\"20200101Z\" \(key)\nbob valid-after=\"20200101Z\" \(key)", "bob", 2),
        ("ann ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB\nbob \(key)", "bob", 2),
    ])
    func accepted(text: String, principals: String, line: Int) throws {
        let signer = try choose(text)
        #expect(signer.principals == principals && signer.line == line)
    }

    @Test(arguments: [
        ("ann", "the type of the key is missing"),
        ("ann ssh-ed25519", "the key is missing"),
        ("ann ssh-dsa AAAA", "neither a type of key that is known, nor options as they are understood"),
        ("ann cert-authority \(key)", "certificates (cert-authority) are not supported"),
        ("ann CERT-AUTHORITY,namespaces=\"git\" \(key)", "certificates (cert-authority) are not supported"),
        ("ann ssh-ed25519-cert-v01@openssh.com AAAA", "neither a type of key that is known, nor options as"),
        ("ann namespaces=git \(key)", "neither a type of key that is known, nor options as"),
        ("ann namespaces=\"\" \(key)", "neither a type of key that is known, nor options as"),
        ("ann namespaces=\"a\",namespaces=\"b\" \(key)", "neither a type of key that is known, nor options as"),
        ("ann namespaces=\"git\",, \(key)", "neither a type of key that is known, nor options as"),
        ("ann no-touch-required \(key)", "neither a type of key that is known, nor options as"),
        ("ann namespaces=\"git \(key)", "a quote is not closed"),
        ("ann namespaces=\"git\" namespaces=\"git\" \(key)", "no type of key follows the options"),
        ("ann ssh-ed25519 \(encoded)=", "the key is not canonical base64"),
        ("ann ecdsa-sha2-nistp256 \(encoded)", "the key is not of the type that stands before it"),
        ("ann ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAQE=", "the key does not read"),
        (",ann \(key)", "a principal is empty"),
        ("ann,!bob \(key)", "a principal has a ! or a quote"),
        ("an\"n\" \(key)", "a principal has a ! or a quote"),
        ("ann valid-after=\"2026\" \(key)", "a time is not YYYYMMDD"),
        ("ann valid-after=\"20260231\" \(key)", "a time that does not exist"),
        ("ann valid-after=\"202601012460\" \(key)", "a time that does not exist"),
        ("ann valid-after=\"00000000\" \(key)", "a time that does not exist"),
        ("ann valid-after=\"20260101z\" \(key)", "a time is not YYYYMMDD"),
        ("ann valid-after=\"+2026010\" \(key)", "a time is not YYYYMMDD"),
        ("ann valid-after=\"20260102\",valid-before=\"20260101\" \(key)", "valid-before is not after valid-after"),
        ("\(key)", "neither a type of key that is known, nor options as"),
    ])
    func refused(text: String, reason: String) throws {
        // It is refused wherever it stands: nobody signs by a file that is not understood as a whole.
        #expect {
            try choose("bob \(AllowedSignerTests.key)\n\(text)\n")
        } throws: { error in
            guard case SSHSignatureError.badAllowedSigners(line: 2, let found) = error else { return false }
            return found.contains(reason)
        }
    }

    @Test(arguments: [
        ("git", "git", true), ("git", "gi", false), ("git", "git2", false), ("*", "anything", true),
        ("g?t", "git", true),
        ("g?t", "gt", false), ("a*c*e", "abcde", true), ("a*c*e", "abcd", false), ("git,file", "file", true),
        ("*,!git", "git", false), ("!git,*", "file", true), ("!git", "file", false), ("a*", "", false),
        ("**", "x", true),
        ("*a*a*a*a*b", String(repeating: "a", count: 500), false), ("Git", "git", false),
    ])
    func namespaces(patterns: String, namespace: String, isAllowed: Bool) throws {
        let text = "ann namespaces=\"\(patterns)\" \(AllowedSignerTests.key)"
        if isAllowed {
            #expect(try choose(text, namespace: namespace).principals == "ann")
        } else {
            #expect(throws: SSHSignatureError.namespaceNotAllowed(namespace, line: 1)) {
                try choose(text, namespace: namespace)
            }
        }
    }

    @Test(
        arguments: [
            ("valid-after=\"20260615120000Z\"", 0, nil),
            ("valid-after=\"20260615120001Z\"", 0, .notYetValid(line: 1)),
            ("valid-after=\"202606151201Z\"", 60, nil),
            ("valid-after=\"20260616Z\"", 0, .notYetValid(line: 1)),
            ("valid-after=\"20260616Z\"", 43_200, nil),
            ("valid-before=\"20260615120000Z\"", 0, nil),
            ("valid-before=\"20260615115959Z\"", 0, .expired(line: 1)),
            ("valid-before=\"20240229Z\"", 0, .expired(line: 1)),
            ("valid-before=\"99991231235959Z\"", 0, nil),
            ("valid-after=\"20260614\",valid-before=\"20260617\"", 0, nil),
            ("valid-after=\"20260614\",valid-before=\"20260617\"", 4 * 86_400, .expired(line: 1)),
        ] as [(String, Int64, SSHSignatureError?)])
    func times(options: String, offset: Int64, error: SSHSignatureError?) throws {
        let text = "ann \(options) \(AllowedSignerTests.key)"
        let seconds = AllowedSignerTests.noon + offset
        if let error {
            #expect(throws: error) { try choose(text, seconds: seconds) }
        } else {
            #expect(try choose(text, seconds: seconds).principals == "ann")
        }
    }

    @Test func firstReasonIsTold() {
        let text = """
            ann namespaces="file" \(AllowedSignerTests.key)
            bob valid-before="20200101Z" \(AllowedSignerTests.key)
            """
        #expect(throws: SSHSignatureError.namespaceNotAllowed("git", line: 1)) { try choose(text) }
    }
}
