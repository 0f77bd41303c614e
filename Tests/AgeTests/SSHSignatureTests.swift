import Base
import TestKit
import Testing

@testable import Age

/// Signatures of the real `ssh-keygen` and `git`.
struct SSHSignatureTests {
    private let folder: TemporaryFolder
    private static let message = Array("site: production\n".utf8)

    init() throws { folder = try TemporaryFolder() }

    private func run(
        _ program: String, _ arguments: [String], environment: [String: String?] = [:]
    ) async throws -> String {
        let result = try await ChildProcess.run(
            program, arguments, environment: environment, folder: folder.path)
        guard result.code == 0 else {
            throw ApusError(code: "peer-failed", "\(program) \(arguments): \(result.code): \(result.errors)")
        }
        return result.output
    }

    private func text(_ name: String) throws -> String {
        String(decoding: try Files.read("\(folder.path)/\(name)", limit: 1 << 20), as: UTF8.self)
    }

    /// - Returns: The line of the public key: type, base64, comment.
    private func makeKey(_ type: [String] = ["ed25519"], _ name: String = "id") async throws -> String {
        _ = try await run(
            "ssh-keygen", ["-q", "-t"] + type + ["-N", "", "-C", "a comment", "-f", "\(folder.path)/\(name)"])
        return try text("\(name).pub")
    }

    private func sign(_ namespace: String = "apus-sync", hash: String = "sha512", key: String = "id") async throws
        -> String
    {
        let file = "\(folder.path)/message"
        try Files.writeAtomically(SSHSignatureTests.message, to: file)
        _ = try await run(
            "ssh-keygen",
            ["-q", "-Y", "sign", "-O", "hashalg=\(hash)", "-n", namespace, "-f", "\(folder.path)/\(key)", file])
        let signature = try text("message.sig")
        try Files.writeAtomically([], to: file + ".old")
        _ = try await run("rm", [file + ".sig"])
        return signature
    }

    private func verify(_ signature: String, _ signers: String, namespace: String = "apus-sync") throws -> String {
        try SSHSignature.verify(
            message: SSHSignatureTests.message, signature: signature, allowedSigners: signers, namespace: namespace)
    }

    @Test(arguments: [["ed25519"], ["ecdsa", "-b", "256"]], ["sha256", "sha512"])
    func genuine(type: [String], hash: String) async throws {
        let key = try await makeKey(type)
        // ECDSA signatures vary in length with leading zeros and ones: one is not enough.
        for _ in 0..<(type.count == 1 ? 1 : 12) {
            let signature = try await sign(hash: hash)
            #expect(try verify(signature, "# signers\n\nann@example.com \(key)") == "ann@example.com")
        }
    }

    @Test func anotherMessageIsRefused() async throws {
        for type in [["ed25519"], ["ecdsa", "-b", "256"]] {
            let key = try await makeKey(type, type[0])
            let signature = try await sign(key: type[0])
            for message in [[], SSHSignatureTests.message.dropLast(), SSHSignatureTests.message + [0]] {
                #expect(throws: SSHSignatureError.mismatch) {
                    try SSHSignature.verify(
                        message: Array(message), signature: signature, allowedSigners: "ann \(key)",
                        namespace: "apus-sync")
                }
            }
        }
    }

    @Test func anotherSignerIsRefused() async throws {
        let key = try await makeKey()
        let other = try await makeKey(["ed25519"], "other")
        let signature = try await sign()
        let fingerprint = try await run("ssh-keygen", ["-l", "-f", "\(folder.path)/id.pub"]).split(separator: " ")[1]
        #expect(throws: SSHSignatureError.unknownSigner(fingerprint: String(fingerprint))) {
            try verify(signature, "ann \(other)")
        }
        #expect(throws: SSHSignatureError.self) { try verify(signature, "") }
        #expect(try verify(signature, "ann \(other)bob,ben \(key)") == "bob,ben")
    }

    @Test func anotherNamespaceIsRefused() async throws {
        let key = try await makeKey()
        let signature = try await sign("file")
        #expect(throws: SSHSignatureError.wrongNamespace("file", expected: "apus-sync")) {
            try verify(signature, "ann \(key)")
        }
        #expect(throws: SSHSignatureError.wrongNamespace("file", expected: "")) {
            try verify(signature, "ann \(key)", namespace: "")
        }
    }

    @Test(arguments: [(["rsa", "-b", "2048"], "ssh-rsa"), (["ecdsa", "-b", "384"], "ecdsa-sha2-nistp384")])
    func otherKindsOfKeyAreRefusedByName(type: [String], name: String) async throws {
        let key = try await makeKey(type)
        let signature = try await sign()
        #expect(throws: SSHSignatureError.unsupportedKey(name)) { try verify(signature, "ann \(key)") }
        // They may stand beside others.
        let good = try await makeKey(["ed25519"], "good")
        #expect(try verify(try await sign(key: "good"), "ann \(key)bob \(good)") == "bob")
    }

    @Test func everyByteMatters() async throws {
        let key = try await makeKey()
        let signature = Array(try await sign().utf8)
        for index in signature.indices.dropLast() {
            var altered = signature
            altered[index] ^= 0x01
            if (try? verify(String(decoding: altered, as: UTF8.self), "ann \(key)")) != nil {
                Issue.record("byte \(index) may be changed")
            }
        }
        for count in 0..<(signature.count - 1) {
            if (try? verify(String(decoding: signature.prefix(count), as: UTF8.self), "ann \(key)")) != nil {
                Issue.record("\(count) bytes pass for the whole")
            }
        }
    }

    /// The text of a commit without its signature is what git has signed.
    @Test func commitOfGit() async throws {
        let key = try await makeKey()
        let settings = [
            "-C", folder.path, "-c", "gpg.format=ssh", "-c", "user.signingkey=\(folder.path)/id.pub", "-c",
            "user.name=Ann", "-c", "user.email=ann@example.com",
        ]
        _ = try await run("git", ["-C", folder.path, "init", "-q"])
        _ = try await run("git", settings + ["commit", "-q", "-S", "--allow-empty", "-m", "A signed commit"])
        let commit = try await run("git", ["-C", folder.path, "cat-file", "commit", "HEAD"])
        var message = [String]()
        var signature = [String]()
        var isSignature = false
        for line in commit.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            isSignature = line.hasPrefix("gpgsig ") || (isSignature && line.hasPrefix(" "))
            if isSignature {
                signature.append(String(line.drop { $0 != " " }.dropFirst()))
            } else {
                message.append(line)
            }
        }
        let principal = try SSHSignature.verify(
            message: Array(message.joined(separator: "\n").utf8), signature: signature.joined(separator: "\n"),
            allowedSigners: "ann@example.com namespaces=\"git\" \(key)", namespace: "git")
        #expect(principal == "ann@example.com")
        #expect(throws: SSHSignatureError.mismatch) {
            try SSHSignature.verify(
                message: Array(commit.utf8), signature: signature.joined(separator: "\n"),
                allowedSigners: "ann@example.com \(key)", namespace: "git")
        }
    }
}
