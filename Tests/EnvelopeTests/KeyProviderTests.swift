import Base
import Envelope
import Synchronization
import TestKit
import Testing

@Suite struct KeyProviderTests {
    private static let context = EnvelopeContext(["host": "a", "file": "/b"])
    private static let one = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    private static let two = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="
    private static let hexadecimal = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"

    private func environment(_ value: String) throws(ApusError) -> EnvKeyProvider {
        try EnvKeyProvider(variable: "K", environment: ["K": value])
    }

    @Test func aVariableHoldsOneKeyOrSeveral() async throws {
        let single = try await environment(KeyProviderTests.one).makeDataKey(KeyProviderTests.context)
        #expect(single.wrapped.version == "")
        #expect(single.wrapped.keyID == "K")
        // The same key, written another way.
        let opened = try await environment(KeyProviderTests.hexadecimal).open(single.wrapped, KeyProviderTests.context)
        #expect(opened.reveal() == single.plain.reveal())

        let old = try await environment("1=\(KeyProviderTests.one)").makeDataKey(KeyProviderTests.context)
        let rotated = try environment("2=\(KeyProviderTests.two),1=\(KeyProviderTests.hexadecimal)")
        #expect(try await rotated.open(old.wrapped, KeyProviderTests.context).reveal() == old.plain.reveal())
        #expect(try await rotated.makeDataKey(KeyProviderTests.context).wrapped.version == "2")

        let other = try environment(KeyProviderTests.two)
        #expect(
            await asyncFailure { _ = try await other.open(single.wrapped, KeyProviderTests.context) } == "key-mismatch")
        #expect(await asyncFailure { _ = try await other.open(old.wrapped, KeyProviderTests.context) } == "key-unknown")
    }

    @Test(arguments: [
        "", "short", "1=", "=\(one)", "\(one),\(two)", "1=\(one),", "1=\(one),1=\(two)", "a b=\(one)",
        "\(one.dropLast())",
        "\(hexadecimal)00", " \(one)",
    ])
    func aBadVariableIsToldWithoutItsValue(value: String) {
        do {
            _ = try environment(value)
            Issue.record("it was taken")
        } catch {
            #expect(error.code == "key-provider-bad")
            #expect(error.kind == .declaration)
            #expect(!"\(error)".contains("AAECAw") && !"\(error)".contains("0001020304"))
        }
        #expect(failure { _ = try EnvKeyProvider(variable: "K", environment: [:]) } == "key-provider-bad")
    }

    @Test(
        arguments: [
            ("kms://prod/log-enc", .kms(keyID: "alias/prod/log-enc")), ("kms://alias/x", .kms(keyID: "alias/x")),
            ("kms://arn:aws:kms:eu-central-1:1:key/2", .kms(keyID: "arn:aws:kms:eu-central-1:1:key/2")),
            ("kms://mrk-1234", .kms(keyID: "mrk-1234")),
            ("kms://1234abcd-12ab-34cd-56ef-1234567890ab", .kms(keyID: "1234abcd-12ab-34cd-56ef-1234567890ab")),
            ("kms://1234abcd-12ab-34cd-56ef", .kms(keyID: "alias/1234abcd-12ab-34cd-56ef")),
            ("file:/etc/apus/logs.keys", .file(path: "/etc/apus/logs.keys")),
            ("env:APUS_LOG_KEY", .env(variable: "APUS_LOG_KEY")),
            ("exec:/usr/libexec/wrap slot-3  x", .exec(["/usr/libexec/wrap", "slot-3", "x"])),
        ] as [(String, KeyProviderURI)])
    func aProviderReads(text: String, meaning: KeyProviderURI) throws {
        #expect(try KeyProviderURI(text) == meaning)
    }

    @Test(arguments: [
        "", "kms:", "kms://", "kms:prod", "kms:// x", "kms://a b", "kms://ü", "file:", "file:etc/keys",
        "file:///etc/keys",
        "file:/etc/", "env:", "env:1A", "env:A-B", "env:\(one)", "exec:", "exec: ", "exec:wrap", "exec:wrap /x",
        "age:x",
        one, "file:/a\nb",
    ])
    func othersAreRefusedWithoutBeingRepeated(text: String) {
        do {
            _ = try KeyProviderURI(text)
            Issue.record("it was taken")
        } catch {
            #expect(error.code == "key-provider-bad")
            #expect(error.kind == .declaration)
            #expect(!error.message.contains("AAECAw"))
        }
    }

    @Test func theTextMakesTheProvider() async throws {
        let kms = FakeKMS()
        let environment = ["K": KeyProviderTests.one]
        for name in ["kms://prod/log-enc", "file:/etc/apus/logs.keys", "env:K", "exec:/bin/x y"] {
            let provider = try KeyProviderURI.provider(name, kms: kms, environment: environment, time: SystemTime())
            #expect(provider.name == name)
        }
        #expect(
            failure {
                _ = try KeyProviderURI.provider("kms://x", kms: nil, environment: [:], time: SystemTime())
            } == "key-provider-bad")
    }

    @Test func aServiceIsAskedWithTheContextAndTheExactKey() async throws {
        let kms = FakeKMS()
        let provider = KMSKeyProvider(name: "kms://prod/log-enc", keyID: "alias/prod/log-enc", service: kms)
        let made = try await provider.makeDataKey(KeyProviderTests.context)
        #expect(made.wrapped.keyID == "arn:of:alias/prod/log-enc")
        #expect(made.wrapped.provider == "kms://prod/log-enc")
        let opened = try await provider.open(made.wrapped, KeyProviderTests.context)
        #expect(opened.reveal() == made.plain.reveal())
        #expect(kms.asked == ["alias/prod/log-enc file=/b,host=a", "arn:of:alias/prod/log-enc file=/b,host=a"])
        let other = EnvelopeContext(["host": "b"])
        #expect(await asyncFailure { _ = try await provider.open(made.wrapped, other) } == "key-mismatch")
        var another = made.wrapped
        another.keyID = "arn:of:another"
        #expect(await asyncFailure { _ = try await provider.open(another, KeyProviderTests.context) } == "key-mismatch")
    }

    @Test func aKeyIsWrappedAnewByAnotherProvider() async throws {
        let old = try environment(KeyProviderTests.one)
        let new = try environment("2=\(KeyProviderTests.two)")
        let made = try await old.makeDataKey(KeyProviderTests.context)
        let header = try EnvelopeHeader(
            compression: "zstd", context: KeyProviderTests.context, wrapped: made.wrapped)
        let again = try await header.rewrapped(by: new, openedBy: old)
        #expect(again.wrapped.version == "2")
        #expect(again.associatedData == header.associatedData)
        #expect(try await new.open(again.wrapped, again.context).reveal() == made.plain.reveal())
        #expect(await asyncFailure { _ = try await header.rewrapped(by: old, openedBy: new) } == "key-unknown")
    }

    @Test func aServiceWrapsAnewWhatItHasWrapped() async throws {
        let kms = FakeKMS()
        let old = KMSKeyProvider(name: "kms://prod/log-enc", keyID: "alias/prod/log-enc", service: kms)
        let new = KMSKeyProvider(name: "kms://other", keyID: "alias/other", service: kms)
        let wrapped = try await old.makeDataKey(KeyProviderTests.context).wrapped
        let again = try await new.rewrap(wrapped, openedBy: old, KeyProviderTests.context)
        #expect(again.keyID == "arn:of:alias/other")
        #expect(again.provider == "kms://other")
        let local = try environment(KeyProviderTests.one)
        let foreign = try await local.makeDataKey(KeyProviderTests.context).wrapped
        let code = await asyncFailure {
            _ = try await new.rewrap(foreign, openedBy: local, KeyProviderTests.context)
        }
        #expect(code == "key-rewrap-unsupported")
    }

    @Test(arguments: [("key-unknown", "key-unknown"), ("kms-throttled", "key-provider-failed")])
    func whatAServiceThrowsKeepsWhetherToTryAgain(thrown: String, told: String) async throws {
        let kms = FakeKMS(failure: ApusError(code: thrown, "no", canRetry: true))
        let provider = KMSKeyProvider(name: "kms://x", keyID: "alias/x", service: kms)
        do {
            _ = try await provider.makeDataKey(KeyProviderTests.context)
            Issue.record("it gave a key")
        } catch {
            #expect(error.code == told)
            #expect(error.canRetry)
        }
    }
}

/// A service that wraps by writing key and context beside each other.
private final class FakeKMS: KeyReencryptionService {
    private let log = Mutex<[String]>([])
    private let failure: ApusError?

    init(failure: ApusError? = nil) { self.failure = failure }

    var asked: [String] { log.withLock { $0 } }

    func generateDataKey(
        keyID: String, context: [(String, String)]
    ) async throws(ApusError) -> (plain: [UInt8], wrapped: [UInt8], keyID: String) {
        if let failure { throw failure }
        let bound = note(keyID, context)
        let plain = [UInt8](repeating: 42, count: 32)
        return (plain, plain + Array(bound.utf8), "arn:of:\(keyID)")
    }

    func decrypt(
        _ wrapped: [UInt8], keyID: String, context: [(String, String)]
    ) async throws(ApusError) -> (plain: [UInt8], keyID: String) {
        guard wrapped.dropFirst(32).elementsEqual(note(keyID, context).utf8) else {
            throw ApusError(code: "key-mismatch", "another context")
        }
        return (Array(wrapped.prefix(32)), "arn:of:alias/prod/log-enc")
    }

    func reEncrypt(
        _ wrapped: [UInt8], to keyID: String, context: [(String, String)]
    ) async throws(ApusError) -> (wrapped: [UInt8], keyID: String) {
        let plain = try await decrypt(wrapped, keyID: keyID, context: context).plain
        return (plain + Array(note(keyID, context).utf8), "arn:of:\(keyID)")
    }

    private func note(_ keyID: String, _ context: [(String, String)]) -> String {
        let pairs = context.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
        log.withLock { $0.append("\(keyID) \(pairs)") }
        return pairs
    }
}
