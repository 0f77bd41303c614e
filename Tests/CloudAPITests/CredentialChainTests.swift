import Base
import CloudAPI
import TestKit
import Testing

@Suite struct CredentialChainTests {
    @Test func asksTheSourcesInTheirOrder() async throws {
        let time = ManualTime()
        let environment = ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T"]
        let counting = CountingSource()
        let chain = CredentialChain(
            [EnvironmentCredentials.aws([:]), EnvironmentCredentials.aws(environment), counting], time: time)
        let found = try await chain.credentials()
        #expect(found.accessKeyID == "A" && found.secretAccessKey == Secret("S") && found.sessionToken == Secret("T"))
        #expect(counting.loads == 0)
    }

    @Test func namesWhatWasTriedAndNoValue() async throws {
        let folder = try TemporaryFolder()
        let environment = ["HOME": folder.path, "AWS_EC2_METADATA_DISABLED": "true"]
        let chain = CredentialChain.aws(
            region: nil, environment: environment, http: ScriptedSender([]), time: ManualTime())
        do {
            _ = try await chain.credentials()
            Issue.record("found some")
        } catch {
            #expect(error.code == "credentials-missing")
            #expect(
                error.message.hasSuffix(
                    "tried: environment, web identity, profile default, container, instance metadata"))
        }
    }

    @Test func stopsAtASourceThatIsSetUpWrongly() async throws {
        let chain = CredentialChain(
            [EnvironmentCredentials.aws(["AWS_ACCESS_KEY_ID": "sesame"]), CountingSource()], time: ManualTime())
        do {
            _ = try await chain.credentials()
            Issue.record("found some")
        } catch {
            #expect(error.code == "credentials-failed" && error.message.contains("AWS_SECRET_ACCESS_KEY"))
            #expect(!"\(error)".contains("sesame"))
        }
    }

    @Test func loadsOnceForManyAndRenewsFiveMinutesBeforeTheEnd() async throws {
        let time = ManualTime()
        let start = time.wallNow()
        let source = CountingSource { number in start.advanced(by: .seconds(3600 * number)) }
        let chain = CredentialChain([source], time: time)
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await chain.credentials().accessKeyID } }
            for try await key in group { #expect(key == "key-1") }
        }
        #expect(source.loads == 1)
        time.advance(by: .seconds(3600 - 301))
        #expect(try await chain.credentials().accessKeyID == "key-1")
        time.advance(by: .seconds(1))
        #expect(try await chain.credentials().accessKeyID == "key-2")
        #expect(source.loads == 2)
    }

    @Test func keepsWhatHoldsWhileARenewalFails() async throws {
        let time = ManualTime()
        let start = time.wallNow()
        let source = CountingSource { number throws(ApusError) in
            if number > 1 { throw ApusError(code: "credentials-failed", "down", canRetry: true) }
            return start.advanced(by: .seconds(600))
        }
        let chain = CredentialChain([source], time: time)
        for (advance, loads) in [(0, 1), (400, 2), (30, 2), (31, 3)] {
            time.advance(by: .seconds(advance))
            #expect(try await chain.credentials().accessKeyID == "key-1")
            #expect(source.loads == loads)
        }
        time.advance(by: .seconds(600))
        await expectCode("credentials-failed") { _ = try await chain.credentials() }
    }

    @Test func loadsAnewWhatWasRefused() async throws {
        let chain = CredentialChain([CountingSource()], time: ManualTime())
        let first = try await chain.credentials()
        await chain.reject(CloudCredentials(accessKeyID: "other", secretAccessKey: Secret("x")))
        #expect(try await chain.credentials() == first)
        await chain.reject(first)
        #expect(try await chain.credentials().accessKeyID == "key-2")
    }

    @Test func readsAliyunsVariables() async throws {
        let sources: [[String: String]] = [
            [
                "ALIBABA_CLOUD_ACCESS_KEY_ID": "A", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "S",
                "ALIBABA_CLOUD_SECURITY_TOKEN": "T",
            ],
            ["OSS_ACCESS_KEY_ID": "A", "OSS_ACCESS_KEY_SECRET": "S", "OSS_SESSION_TOKEN": "T"],
        ]
        for environment in sources {
            let chain = CredentialChain.aliyun(environment: environment, http: ScriptedSender([]), time: ManualTime())
            let found = try await chain.credentials()
            #expect(
                found.accessKeyID == "A" && found.secretAccessKey == Secret("S") && found.sessionToken == Secret("T"))
        }
    }
}
