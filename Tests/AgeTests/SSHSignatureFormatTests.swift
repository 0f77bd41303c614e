import Crypto
import TestKit
import Testing

@testable import Age

/// Signatures that no honest writer makes, built field by field.
struct SSHSignatureFormatTests {
    private let key = Curve25519.Signing.PrivateKey()
    private let message = Array("message".utf8)

    private struct Fields {
        var magic = Array("SSHSIG".utf8)
        var version: [UInt8] = [0, 0, 0, 1]
        var key: [UInt8]
        var namespace = Array("file".utf8)
        var reserved: [UInt8] = []
        var hash = "sha256"
        var signatureType = "ssh-ed25519"
        var value: [UInt8]?
        var trailer: [UInt8] = []
    }

    private var blob: [UInt8] {
        SSHWire.string(Array("ssh-ed25519".utf8)) + SSHWire.string(Array(key.publicKey.rawRepresentation))
    }

    private var signers: String {
        "ann ssh-ed25519 \(String(decoding: AgeBase64.encode(blob, padded: true), as: UTF8.self))"
    }

    private func text(_ change: (inout Fields) -> Void) throws -> String {
        var fields = Fields(key: blob)
        change(&fields)
        let digest = Array(SHA256.hash(data: message))
        let signed = [fields.namespace, fields.reserved, Array(fields.hash.utf8), digest].reduce(
            Array("SSHSIG".utf8)
        ) { $0 + SSHWire.string($1) }
        let value = try fields.value ?? Array(key.signature(for: signed))
        let signature = SSHWire.string(Array(fields.signatureType.utf8)) + SSHWire.string(value)
        let strings = [fields.key, fields.namespace, fields.reserved, Array(fields.hash.utf8), signature]
        let bytes = strings.reduce(fields.magic + fields.version) { $0 + SSHWire.string($1) } + fields.trailer
        let encoded = String(decoding: AgeBase64.encode(bytes, padded: true), as: UTF8.self)
        return "-----BEGIN SSH SIGNATURE-----\n\(encoded)\n-----END SSH SIGNATURE-----\n"
    }

    private func outcome(_ text: String) -> SSHSignatureError? {
        do throws(SSHSignatureError) {
            _ = try SSHSignature.verify(
                message: message, signature: text, allowedSigners: signers, namespace: "file")
            return nil
        } catch {
            return error
        }
    }

    @Test func soundOneIsAccepted() throws {
        #expect(outcome(try text { _ in }) == nil)
        #expect(outcome(try text { _ in }.split(separator: "\n").joined(separator: "\r\n")) == nil)
    }

    @Test func changedFields() throws {
        #expect(outcome(try text { $0.magic = Array("SSHSIX".utf8) }) == .malformed("it does not start with SSHSIG"))
        #expect(outcome(try text { $0.version = [0, 0, 0, 2] }) == .unsupportedVersion(2))
        #expect(outcome(try text { $0.hash = "sha1" }) == .unsupportedHash("sha1"))
        #expect(outcome(try text { $0.hash = "sha512" }) == .mismatch)
        #expect(outcome(try text { $0.reserved = [1] }) == .malformed("it has a field that is reserved"))
        #expect(outcome(try text { $0.trailer = [0] }) == .malformed("bytes after the signature"))
        #expect(outcome(try text { $0.namespace = [0x1B, 0x41] }) == .wrongNamespace("?A", expected: "file"))
        #expect(
            outcome(try text { $0.signatureType = "ssh-rsa" })
                == .malformed("the signature is not of its key's type"))
        #expect(
            outcome(try text { $0.value = [1, 2] }) == .malformed("the Ed25519 signature is not of 64 bytes"))
        #expect(outcome(try text { $0.value = [UInt8](repeating: 0, count: 64) }) == .mismatch)
        #expect(outcome(try text { $0.key += [0] }) == .malformed("bytes after the key"))
        #expect(outcome(try text { $0.key = [] }) == .malformed("the key has no type"))
        #expect(
            outcome(try text { $0.hash = "a\u{1B}b" }) == .malformed("it is cut short, or its hash has no name"))
    }

    @Test(arguments: [
        "", "hello", "-----BEGIN PGP SIGNATURE-----\n",
        " -----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----",
    ])
    func somethingElse(text: String) {
        #expect(outcome(text) == .notASignature)
    }

    @Test(arguments: [
        ("-----BEGIN SSH SIGNATURE-----", "its last line is missing"),
        ("-----BEGIN SSH SIGNATURE-----\nAAAA\n", "its last line is missing"),
        ("-----BEGIN SSH SIGNATURE-----\nAAA\n-----END SSH SIGNATURE-----", "it is not canonical base64"),
        ("-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----", "it does not start with SSHSIG"),
        (String(repeating: "A", count: 20_000), "it is longer than 16384 bytes"),
    ])
    func malformed(text: String, reason: String) {
        #expect(outcome(text) == .malformed(reason))
    }

    @Test(
        arguments: [
            ([0, 0, 0, 1, 5], [0, 5]), ([0, 0, 0, 2, 0, 0x80], [0, 0x80]), ([0, 0, 0, 3, 0, 0xFF, 1], [0xFF, 1]),
            ([0, 0, 0, 1, 0x80], nil), ([0, 0, 0, 0], nil), ([0, 0, 0, 1, 0], nil), ([0, 0, 0, 2, 0, 5], nil),
            ([0, 0, 0, 3, 1, 2, 3], nil), ([0, 0, 0, 9, 1], nil), ([0xFF, 0xFF, 0xFF, 0xFF, 1], nil), ([], nil),
        ] as [([UInt8], [UInt8]?)])
    func numbers(bytes: [UInt8], expected: [UInt8]?) {
        var reader = SSHWireReader(bytes)
        #expect(reader.positiveNumber(length: 2) == expected)
    }

    @Test(arguments: [21, 22] as [UInt64])
    func changedAtRandom(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let good = try text { _ in }
        let lines = good.split(separator: "\n")
        let bytes = try #require(AgeBase64.decode(Array(lines[1].utf8)[...], padded: true))
        for round in 0..<2000 {
            var changed = bytes
            for _ in 0...Int.random(in: 0..<3, using: &generator) {
                let index = Int.random(in: 0..<changed.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: changed[index] ^= UInt8.random(in: 1...255, using: &generator)
                case 1: changed.remove(at: index)
                default: changed.insert(UInt8.random(in: 0...255, using: &generator), at: index)
                }
            }
            guard changed != bytes else { continue }
            let encoded = String(decoding: AgeBase64.encode(changed, padded: true), as: UTF8.self)
            #expect(outcome("\(lines[0])\n\(encoded)\n\(lines[2])") != nil, "seed \(seed), round \(round)")
        }
    }
}
