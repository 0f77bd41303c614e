import Base
import LogArchive
import TestKit
import Testing

@Suite struct LineTimeTests {
    private static let reference = WallInstant(rfc3339: "2026-03-01T00:00:00.000Z")

    private func seconds(_ line: String) throws -> Double? {
        let reference = try #require(LineTimeTests.reference)
        return Array(line.utf8).withUnsafeBytes { LineTime(reference: reference).milliseconds($0) }.map {
            Double($0) / 1000
        }
    }

    @Test(arguments: [
        ("2026-02-28T13:45:00Z up", 1_772_286_300.0), ("2026-02-28T13:45:00.250+08:00 up", 1_772_257_500.25),
        (#"10.0.0.1 - - [28/Feb/2026:13:45:00 +0000] "GET / HTTP/1.1" 200"#, 1_772_286_300),
        (#"host - - [28/Feb/2026:13:45:00 -0130] "GET /2020-01-01""#, 1_772_291_700),
        ("level=info ts=2026-02-28T13:45:00,5Z msg=x", 1_772_286_300.5),
        (#"{"time":"2026-02-28T13:45:00.123456789Z"}"#, 1_772_286_300.123),
        ("<13>2024-02-29T00:00:00Z leap day", 1_709_164_800),
    ])
    func commonFormsAreRead(_ line: String, _ expected: Double) throws {
        #expect(try seconds(line) == expected)
    }

    @Test(arguments: [
        "", "no time here", "2026-13-01T00:00:00Z", "2026-02-28X13:45:00", "99/Xxx/2026:13:45:00 +0000",
        "26-02-28T13:45:00Z",
        "2026-02-28T25:00:00Z", "1234567890123456789012345",
    ])
    func whatSaysNoneHasNone(_ line: String) throws {
        #expect(try seconds(line) == nil)
    }

    @Test func aLineWithoutAYearIsOfTheLastOne() throws {
        // The reference is the beginning of March 2026: December was in 2025.
        let december = try #require(try seconds("Dec 24 18:00:00 host app: x"))
        let february = try #require(try seconds("Feb  3 18:00:00 host app: x"))
        let year = 365.0 * 86_400
        let reference = try #require(LineTimeTests.reference).secondsSince1970
        #expect(december < reference && december > reference - year)
        #expect(february > december && february < reference)
    }

    @Test func anythingCanBeALine() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<20_000 {
            let line = String(
                (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                    "0123456789-/:T .ZNovDec[+".randomElement(using: &random) ?? "0"
                })
            _ = try seconds(line)
        }
    }
}
