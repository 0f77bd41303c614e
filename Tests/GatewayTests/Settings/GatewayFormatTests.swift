import Gateway
import Settings
import Testing

@Suite struct GatewayFormatTests {
    @Test(
        "blocks of addresses",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false), ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "203.0.113.9", true), ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe00::1", false),
            ("2001:db8::/64", "2001:db8::ffff", true), ("2001:db8::/64", "2001:db8:0:1::1", false),
            ("2001:db8::/65", "2001:db8::8000:0:0:0", false), ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("10.0.0.0/8", "ten", false), ("192.168.0.0/31", "192.168.0.1", true),
        ])
    func networkBlocks(_ block: String, _ address: String, _ isIn: Bool) throws {
        #expect(try #require(NetworkBlock(block)).contains(address) == isIn)
    }

    @Test(
        "no blocks",
        arguments: ["", "10.0.0.0/33", "10.0.0.1/8", "::1/129", "10.0.0.0/", "10.0.0.0/-1", "a/8", "fd00::1/8"])
    func noNetworkBlocks(_ text: String) {
        #expect(NetworkBlock(text) == nil)
    }

    @Test(
        "ranges of status codes",
        arguments: [
            ("503", 503...503), ("5xx", 500...599), ("200-399", 200...399), ("100-100", 100...100),
        ])
    func statusRanges(_ text: String, _ codes: ClosedRange<Int>) {
        #expect(StatusRange(text)?.codes == codes)
    }

    @Test("no status codes", arguments: ["", "6xx", "0xx", "99", "600", "399-200", "200-", "2x", "20x", "200-300-400"])
    func noStatusRanges(_ text: String) {
        #expect(StatusRange(text) == nil)
    }

    @Test(
        "hosts",
        arguments: [
            ("*", HostPattern.any), ("Www.Example.com", .exact("www.example.com")),
            ("*.Example.com", .below(".example.com")),
            ("[::1]", .exact("[::1]")), ("127.0.0.1", .exact("127.0.0.1")), ("my_service", .exact("my_service")),
        ])
    func hosts(_ text: String, _ pattern: HostPattern) {
        #expect(HostPattern(text) == pattern)
    }

    @Test(
        "no hosts",
        arguments: ["", "a.", ".a", "*a", "*.", "a.*", "a:80", "http://a", "-a", "a..b", "[::1]:80", "[x]", "ä"])
    func noHosts(_ text: String) {
        #expect(HostPattern(text) == nil)
    }
}
