import Base
import Resilience
import Testing

@Suite struct RateLimitResetTests {
    /// At 1 700 000 000 (November 2023).
    @Test(
        arguments: [
            ("0", 0), ("7", 7000), (" 60 ", 60_000), ("1.5", 2000), ("2.0", 2000), ("999999999", 999_999_999_000),
            ("1700000060", 60_000), ("1700000060.2", 61_000), ("1699999999", 0), ("1700000060500", 60_500), ("", nil),
            ("-5", nil), ("soon", nil), (".5", nil), ("1.2.3", nil), ("1e3", nil), ("12 s", nil),
        ] as [(String, Int?)])
    func readsSecondsAndTimes(field: String, milliseconds: Int?) {
        let seen = RateLimitReset.parse(field, wallNow: WallInstant(secondsSince1970: 1_700_000_000))
        #expect(seen == milliseconds.map { .milliseconds($0) })
    }

    @Test func anEndlessNumberStaysInBounds() {
        let seen = RateLimitReset.parse(
            String(repeating: "9", count: 400), wallNow: WallInstant(secondsSince1970: 1_700_000_000))
        #expect(seen.map { $0 > .seconds(1_000_000) && $0 < .seconds(10_000_000_000_000) } == true)
    }
}
