import Base
import Envelope
import Glibc
import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct ExecKeyProviderTests {
    private static let context = EnvelopeContext(["host": "a", "file": "/b \"quoted\" \\ ü", "generation": "7"])

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func provider(_ words: String..., timeout: Duration = .seconds(60)) throws -> ExecKeyProvider {
        let program = "\(ApusProgram.root())/Tests/peers/logs/wrap_keys.py"
        let command = ["/usr/bin/env", "python3", program] + words
        return ExecKeyProvider(command: command, timeout: timeout, time: SystemTime())
    }

    @Test func aProgramWrapsAndOpens() async throws {
        let provider = try provider()
        let made = try await provider.makeDataKey(ExecKeyProviderTests.context)
        #expect(made.wrapped.keyID == "slot-3")
        #expect(made.wrapped.version == "7")
        #expect(made.wrapped.provider == provider.name)
        #expect(made.wrapped.ciphertext.count == 40)
        let opened = try await provider.open(made.wrapped, ExecKeyProviderTests.context)
        #expect(opened.reveal() == made.plain.reveal())

        let other = EnvelopeContext(["host": "b"])
        #expect(await asyncFailure { _ = try await provider.open(made.wrapped, other) } == "key-mismatch")
        var unknown = made.wrapped
        unknown.version = "8"
        #expect(
            await asyncFailure { _ = try await provider.open(unknown, ExecKeyProviderTests.context) } == "key-unknown")
    }

    @Test func theKeyIsInTheInputAlone() async throws {
        let record = "\(folder.path)/asked"
        let made = try await provider("record", record).makeDataKey(ExecKeyProviderTests.context)
        let asked = String(decoding: try Files.read(record), as: UTF8.self).split(separator: "\n")
        #expect(asked.count == 2)
        #expect(asked[0].hasPrefix(#"{"operation":"wrap","key":""#))
        #expect(asked[0].hasSuffix(#","context":{"file":"/b \"quoted\" \\ ü","generation":"7","host":"a"}}"#))
        #expect(asked[1].hasSuffix("wrap_keys.py record \(record)"))
        #expect(!"\(made.plain)\(made)".contains(String(asked[0].dropFirst(27).prefix(40))))
    }

    @Test(arguments: [
        ("no JSON", "key-provider-failed", false, "one line of JSON"),
        ("", "key-provider-failed", false, "one line of JSON"),
        ("{}", "key-provider-failed", false, "no `key`"),
        (#"{"key":7}"#, "key-provider-failed", false, "no `key`"),
        (#"{"key":""}"#, "key-provider-failed", false, "no `key`"),
        (#"{"key":"AAE"}"#, "key-provider-failed", false, "no `key`"),
        (#"{"key":"AAEC","key":"AAEC"}"#, "key-provider-failed", false, "one line of JSON"),
        (#"{"key":"AAEC"} {}"#, "key-provider-failed", false, "one line of JSON"),
        (#"{"key":{"x":1}}"#, "key-provider-failed", false, "one line of JSON"),
        (#"{"error":"busy","retry":true}"#, "key-provider-failed", true, "busy"),
        (#"{"error":"gone","code":"key-unknown"}"#, "key-unknown", false, "gone"),
        (#"{"error":"a\nb\u001b[1m","code":"rm -rf","n":-1.5e3,"z":null}"#, "key-provider-failed", false, "a?b?[1m"),
        (#"{"key":"AAEC"}"#, "key-provider-failed", false, "256 bits"),
    ])
    func otherAnswersAreRefused(answer: String, code: String, canRetry: Bool, says: String) async throws {
        let wrapped = WrappedKey(provider: "exec:x", keyID: "slot-3", version: "7", ciphertext: [1])
        do {
            _ = try await provider("say", answer).open(wrapped, ExecKeyProviderTests.context)
            Issue.record("it was taken")
        } catch {
            #expect((error as? ApusError)?.code == code)
            #expect((error as? ApusError)?.canRetry == canRetry)
            #expect("\(error)".contains(says), "\(error)")
        }
    }

    @Test func anAnswerMayNameNothingAndEscapeAnything() async throws {
        let provider = try provider("say", #" { "\u006bey" : "AAEC\/w==" , "note" : "\ud83d\ude00" } "#)
        let wrapped = try await provider.makeDataKey(ExecKeyProviderTests.context).wrapped
        #expect(wrapped.ciphertext == [0, 1, 2, 255])
        #expect(wrapped.keyID == "/usr/bin/env")
        #expect(wrapped.version == "")
    }

    @Test(arguments: [(1, false), (75, true)])
    func aFailureShowsTheFirstLineOfItsComplaint(code: Int, canRetry: Bool) async throws {
        do {
            _ = try await provider("fail", "\(code)").makeDataKey(ExecKeyProviderTests.context)
            Issue.record("it was taken")
        } catch {
            #expect((error as? ApusError)?.code == "key-provider-failed")
            #expect((error as? ApusError)?.canRetry == canRetry)
            #expect("\(error)".hasSuffix("ended with exit code \(code): slot 3 is locked"), "\(error)")
        }
    }

    @Test func aProgramThatHangsIsEndedWithItsChildren() async throws {
        let file = "\(folder.path)/pid"
        // Long enough for an interpreter to start on a busy host: only then is there a child to be ended.
        let provider = try provider("hang", file, timeout: .seconds(5))
        do {
            _ = try await provider.makeDataKey(ExecKeyProviderTests.context)
            Issue.record("it answered")
        } catch {
            #expect(error.code == "key-provider-failed")
            #expect(error.canRetry)
            #expect(error.message.contains("has not answered within"))
        }
        let pid = try #require(Int32(String(decoding: try Files.read(file), as: UTF8.self)))
        try await eventually("the child is gone") {
            let state = (try? Files.read("/proc/\(pid)/stat")).map { String(decoding: $0, as: UTF8.self) }
            return state == nil || state?.contains(") Z") == true
        }
    }

    @Test func aProgramThatNeverStopsIsEnded() async throws {
        let provider = try provider("flood")
        let code = await asyncFailure { _ = try await provider.makeDataKey(ExecKeyProviderTests.context) }
        #expect(code == "key-provider-failed")
    }

    @Test func aProgramThatIsNotThereIsTold() async throws {
        let provider = ExecKeyProvider(command: ["/nonexistent/wrap"], time: SystemTime())
        let code = await asyncFailure { _ = try await provider.makeDataKey(ExecKeyProviderTests.context) }
        #expect(code == "key-provider-failed")
    }

    @Test func aCancelledCallEndsTheProgram() async throws {
        let file = "\(folder.path)/pid"
        let provider = try provider("hang", file)
        let call = Task { await asyncFailure { _ = try await provider.makeDataKey(ExecKeyProviderTests.context) } }
        try await eventually("it hangs") { access(file, F_OK) == 0 }
        call.cancel()
        #expect(await call.value == "key-provider-failed")
    }
}
