import Base
import TestKit
import Testing

@Suite struct BaseTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
        (1_795_415_613, "2026-11-23T06:33:33.000Z"), (-1, "1969-12-31T23:59:59.000Z"),
    ])
    func writesRFC3339(seconds: Int, text: String) {
        #expect(WallInstant(secondsSince1970: Int64(seconds)).rfc3339 == text)
    }

    @Test func aSecretDescribesItselfAsRedactedEverywhere() {
        let secret = Secret("hunter2")
        #expect("\(secret)" == "redacted")
        #expect(String(reflecting: secret) == "redacted")
        #expect(String(describing: [secret]) == "[redacted]")
        var dumped = ""
        dump(["key": secret], to: &dumped)
        #expect(!dumped.contains("hunter2"))
        #expect(secret.reveal() == "hunter2")
    }

    @Test func aSleeperWakesAtItsDeadlineAndNotBefore() async throws {
        let time = ManualTime()
        let sleeper = Task { try await time.sleep(for: .seconds(10)) }
        await time.waitForSleepers()
        time.advance(by: .seconds(9))
        #expect(time.sleeperCount == 1)
        time.advance(by: .seconds(1))
        try await sleeper.value
    }

    @Test func aCancelledSleeperThrows() async {
        let time = ManualTime()
        let sleeper = Task { try await time.sleep(for: .seconds(10)) }
        await time.waitForSleepers()
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        #expect(time.sleeperCount == 0)
    }
}
