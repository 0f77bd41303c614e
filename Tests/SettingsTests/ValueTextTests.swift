import Base
import TestKit
import Testing

@testable import Settings

@Suite("Values as text")
struct ValueTextTests {
    @Test(
        "durations",
        arguments: [
            ("0", 0), ("0s", 0), ("200ms", 200_000_000), ("30s", 30_000_000_000), ("5m", 300_000_000_000),
            ("1h30m", 5_400_000_000_000), ("1d", 86_400_000_000_000), ("1w", 604_800_000_000_000), ("10us", 10_000),
            ("7µs", 7_000), ("3ns", 3), ("1.5s", 1_500_000_000), ("0.25ms", 250_000),
            ("1d2h3m4s5ms6us7ns", 93_784_005_006_007),
            ("01s", 1_000_000_000),
        ] as [(String, Int64)])
    func durations(_ text: String, _ nanoseconds: Int64) {
        #expect(DurationText.parse(text) == .nanoseconds(nanoseconds))
    }

    @Test(
        "no durations",
        arguments: [
            "", "s", "5", "5x", "5S", "1 h", "-1s", "+1s", "1m1h", "1s1s", "1.s", ".5s", "1e3s", "1.0000000001s",
            "99999999999999999999s", "9999999999999w", "inf", "1h-30m", "ⅷs", "1s ",
        ])
    func noDurations(_ text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test("a duration renders to text that reads back")
    func durationRoundTrip() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let duration = Duration.nanoseconds(Int64(generator.next() >> UInt64(generator.next() % 60 + 1)))
            #expect(DurationText.parse(DurationText.render(duration)) == duration)
        }
    }

    @Test(
        "byte counts",
        arguments: [
            ("0", 0), ("512", 512), ("512B", 512), ("64k", 65_536), ("64K", 65_536), ("100M", 104_857_600),
            ("1.5GiB", 1_610_612_736), ("10MB", 10_000_000), ("1kB", 1000), ("1KiB", 1024), ("2T", 2_199_023_255_552),
            ("1P", 1_125_899_906_842_624), ("0.5k", 512), ("1PB", 1_000_000_000_000_000), ("1.0001k", 1024),
        ] as [(String, Int64)])
    func byteCounts(_ text: String, _ bytes: Int64) {
        #expect(ByteCountText.parse(text) == ByteCount(bytes))
    }

    @Test(
        "no byte counts",
        arguments: [
            "", "k", "-1", "1m", "1g", "1 M", "1Mb", "1MIB", "1.M", "99999999999999999999", "9000P", "1E", "0x10",
        ])
    func noByteCounts(_ text: String) {
        #expect(ByteCountText.parse(text) == nil)
    }

    @Test(
        "addresses",
        arguments: [
            "127.0.0.1:9900", "[::1]:9900", ":9900", "localhost:80", "unix:/run/x.sock", "unix:@apus",
        ])
    func addresses(_ text: String) {
        #expect(NetworkAddress(text)?.description == text)
    }

    @Test(
        "no addresses",
        arguments: [
            "", "localhost", "1.2.3:80", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:+80", "::1:80", "[::1]", "[::g]:1",
            "unix:",
            "unix:run/x", "a b:80", "-a:80", "a..b:80", "unix:/" + String(repeating: "x", count: 107),
        ])
    func noAddresses(_ text: String) {
        #expect(NetworkAddress(text) == nil)
    }

    @Test("what only this host reaches")
    func local() {
        #expect(NetworkAddress("127.8.0.1:1")?.isLocal == true)
        #expect(NetworkAddress("[::1]:1")?.isLocal == true)
        #expect(NetworkAddress("127.evil.example:1")?.isLocal == false)
        #expect(NetworkAddress(":1")?.isLocal == false)
    }

    @Test("a URL's parts")
    func url() throws {
        let url = try #require(HTTPURL("HTTPS://joe:pw@Example.org:8443/a/b?c=d"))
        #expect(url.scheme == .https)
        #expect(url.host == "Example.org")
        #expect(url.effectivePort == 8443)
        #expect(url.target == "/a/b?c=d")
        #expect(url.description == "https://redacted@Example.org:8443/a/b?c=d")
        #expect(url.reveal() == "https://joe:pw@Example.org:8443/a/b?c=d")
        #expect(!"\(String(reflecting: url)) \(url)".contains("pw"))
        #expect(HTTPURL("http://h")?.target == "/")
        #expect(HTTPURL("http://h?x")?.target == "/?x")
        #expect(HTTPURL("http://h")?.effectivePort == 80)
        #expect(HTTPURL("http://[fe80::1]/")?.host == "fe80::1")
    }

    @Test(
        "no URLs",
        arguments: [
            "", "h/x", "ftp://h/", "http://", "http:///x", "http://h:x/", "http://h:99999/", "http://h/ x",
            "http://h/#f",
            "http://h/\"", "://h", "http://[::1/", "http://hö/",
        ])
    func noURLs(_ text: String) {
        #expect(HTTPURL(text) == nil)
    }

    @Test(
        "SHA-256 of the standard's examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                String(repeating: "a", count: 100_000),
                "6d1cf22d7cc09b085dfc25ee1a1f3ae0265804c607bc2074ad253bcc82fd81ee"
            ),
        ])
    func sha256(_ text: String, _ digest: String) {
        #expect(SHA256.digest(Array(text.utf8)).hexadecimal() == digest)
    }

    @Test(
        "near words",
        arguments: [
            ("intervall", "interval"), ("itnerval", "interval"), ("Interval", "interval"), ("time_out", "timeout"),
            ("warn", "warning"), ("colour", nil), ("x", nil), ("", nil), (String(repeating: "i", count: 1000), nil),
        ] as [(String, String?)])
    func suggestions(_ word: String, _ expected: String?) {
        #expect(Suggestion.nearest(to: word, among: ["interval", "timeout", "warning", "rules"]) == expected)
    }

    @Test("distance counts a swap of neighbours as one")
    func distance() {
        #expect(Suggestion.distance(Array("ab".utf8), Array("ba".utf8)) == 1)
        #expect(Suggestion.distance(Array("ca".utf8), Array("abc".utf8)) == 3)
        #expect(Suggestion.distance([], Array("abc".utf8)) == 3)
    }
}
