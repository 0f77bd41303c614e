import Age
import Base
import TestKit
import Testing

/// Both directions with the real `age`, `age-keygen` (Debian's package `age`).
struct AgeInteropTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ program: String, _ arguments: [String]) async throws -> String {
        let (code, output, errors) = try await ChildProcess.run(program, arguments, folder: folder.path)
        guard code == 0 else { throw ApusError(code: "peer-failed", "\(program) \(arguments): \(code): \(errors)") }
        return output
    }

    private func write(_ bytes: [UInt8], _ name: String) throws -> String {
        try Files.writeAtomically(bytes, to: "\(folder.path)/\(name)")
        return "\(folder.path)/\(name)"
    }

    @Test func ageKeygenReadsOurIdentity() async throws {
        let identity = AgeIdentity.generate()
        let file = try folder.write("key", identity.reveal() + "\n")
        #expect(try await run("age-keygen", ["-y", file]) == "\(identity.recipient)\n")
    }

    @Test func weReadTheIdentityOfAgeKeygen() async throws {
        let file = "\(folder.path)/key"
        _ = try await run("age-keygen", ["-o", file])
        let text = String(decoding: try Files.read(file, limit: 4096), as: UTF8.self)
        let identities = try AgeIdentity.parse(identityFile: text)
        #expect(identities.count == 1)
        #expect(text.contains("# public key: \(identities[0].recipient)\n"))
        #expect(text.contains("\n\(identities[0].reveal())\n"))
    }

    @Test(arguments: payloadSizes, [false, true])
    func ageDecryptsOurs(size: Int, armored: Bool) async throws {
        let identity = AgeIdentity.generate()
        let plaintext = testBytes(size)
        let recipients = [AgeIdentity.generate().recipient, identity.recipient]
        let file = try write(try Age.encrypt(plaintext, to: recipients, armored: armored), "ours")
        let key = try folder.write("key", identity.reveal())
        // `age` makes no file for an empty plaintext.
        _ = try write([], "plain")
        _ = try await run("age", ["-d", "-i", key, "-o", "\(folder.path)/plain", file])
        let isSame = try Files.read("\(folder.path)/plain", limit: 8 << 20) == plaintext
        #expect(isSame)
    }

    @Test(arguments: payloadSizes, [false, true])
    func weDecryptTheirs(size: Int, armored: Bool) async throws {
        let identity = AgeIdentity.generate()
        let plaintext = testBytes(size)
        let input = try write(plaintext, "plain")
        let output = "\(folder.path)/theirs"
        let recipients = ["-r", "\(AgeIdentity.generate().recipient)", "-r", "\(identity.recipient)"]
        _ = try await run("age", recipients + (armored ? ["-a"] : []) + ["-o", output, input])
        let isSame = try Age.decrypt(try Files.read(output, limit: 8 << 20), with: [identity]) == plaintext
        #expect(isSame)
    }

    /// `age` adds a stanza of its own kind (`ssh-ed25519`) that is passed over.
    @Test func stanzaForAnSSHKeyIsPassedOver() async throws {
        let identity = AgeIdentity.generate()
        _ = try await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "\(folder.path)/id"])
        let input = try write([1, 2, 3], "plain")
        let output = "\(folder.path)/theirs"
        _ = try await run(
            "age", ["-R", "\(folder.path)/id.pub", "-r", "\(identity.recipient)", "-o", output, input])
        #expect(try Age.decrypt(try Files.read(output, limit: 1 << 20), with: [identity]) == [1, 2, 3])
    }

    @Test func ageRefusesWhatWeRefuse() async throws {
        let identity = AgeIdentity.generate()
        let key = try folder.write("key", identity.reveal())
        let file = try Age.encrypt(testBytes(100), to: [identity.recipient])
        for index in stride(from: 0, to: file.count, by: 37) {
            var altered = file
            altered[index] ^= 0x10
            let path = try write(altered, "altered")
            let result = try await ChildProcess.run("age", ["-d", "-i", key, path], folder: folder.path)
            #expect(result.code != 0)
            #expect(throws: AgeError.self) { try Age.decrypt(altered, with: [identity]) }
        }
    }
}
