import CAres
import Glibc
import Testing

/// The resolver of CAres where it needs no server; /etc/hosts and DNS are checked by Tests/ReleaseTests in an empty root.
@Suite("getaddrinfo over c-ares")
struct NameResolutionTests {
    /// Addresses as `address:port`, or the EAI_ code as text.
    private func resolve(_ node: String?, _ service: String?, family: Int32 = AF_UNSPEC, flags: Int32 = 0) -> [String] {
        var hints = addrinfo()
        hints.ai_family = family
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = flags
        var result: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(node, service, &hints, &result)
        guard code == 0 else { return ["error \(code)"] }
        defer { freeaddrinfo(result) }
        var found: [String] = []
        var next = result
        while let entry = next?.pointee {
            found.append(text(entry))
            next = entry.ai_next
        }
        return found
    }

    private func text(_ entry: addrinfo) -> String {
        var buffer = [CChar](repeating: 0, count: 64)
        if entry.ai_family == AF_INET {
            var address = UnsafeRawPointer(entry.ai_addr).loadUnaligned(as: sockaddr_in.self)
            inet_ntop(AF_INET, &address.sin_addr, &buffer, socklen_t(buffer.count))
            return "\(string(buffer)):\(UInt16(bigEndian: address.sin_port))"
        }
        var address = UnsafeRawPointer(entry.ai_addr).loadUnaligned(as: sockaddr_in6.self)
        inet_ntop(AF_INET6, &address.sin6_addr, &buffer, socklen_t(buffer.count))
        let scope = address.sin6_scope_id == 0 ? "" : "%\(address.sin6_scope_id)"
        return "[\(string(buffer))\(scope)]:\(UInt16(bigEndian: address.sin6_port))"
    }

    private func string(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var node: String?
        var service: String? = nil
        var family: Int32 = AF_UNSPEC
        var flags: Int32 = 0
        var expected: [String]
        var testDescription: String { "\(node ?? "-") \(service ?? "-") \(family) \(flags)" }
    }

    @Test(
        "literals, wildcards, localhost and errors",
        arguments: [
            Case(node: "192.0.2.1", service: "443", expected: ["192.0.2.1:443"]),
            Case(node: "192.0.2.1", service: "https", expected: ["192.0.2.1:443"]),
            Case(node: "127.1", expected: ["127.0.0.1:0"]),
            Case(node: "2001:db8::1", service: "80", expected: ["[2001:db8::1]:80"]),
            Case(node: "fe80::1%lo", expected: ["[fe80::1%1]:0"]),
            Case(node: "fe80::1%7", expected: ["[fe80::1%7]:0"]),
            Case(node: "fe80::1%absent0", expected: ["error \(EAI_NONAME)"]),
            Case(node: "192.0.2.1", family: AF_INET6, flags: AI_V4MAPPED, expected: ["[::ffff:192.0.2.1]:0"]),
            Case(node: "2001:db8::1", family: AF_INET, expected: ["error -9"]),
            Case(node: nil, service: "80", flags: AI_PASSIVE, expected: ["0.0.0.0:80", "[::]:80"]),
            Case(node: nil, service: "80", family: AF_INET, expected: ["127.0.0.1:80"]),
            Case(node: "localhost", service: "1", expected: ["127.0.0.1:1", "[::1]:1"]),
            Case(node: "a.localhost.", family: AF_INET6, expected: ["[::1]:0"]),
            Case(node: nil, service: nil, expected: ["error \(EAI_NONAME)"]),
            Case(node: "", expected: ["error \(EAI_NONAME)"]),
            Case(node: "name.invalid", flags: AI_NUMERICHOST, expected: ["error \(EAI_NONAME)"]),
            Case(node: "192.0.2.1", service: "https", flags: AI_NUMERICSERV, expected: ["error \(EAI_NONAME)"]),
            Case(node: "192.0.2.1", service: "65536", expected: ["error \(EAI_SERVICE)"]),
            Case(node: "192.0.2.1", service: "nonesuch", expected: ["error \(EAI_SERVICE)"]),
            Case(node: "192.0.2.1", flags: 1 << 14, expected: ["error \(EAI_BADFLAGS)"]),
            Case(node: nil, service: "80", flags: AI_CANONNAME, expected: ["error \(EAI_BADFLAGS)"]),
        ])
    func table(_ example: Case) {
        let found = resolve(example.node, example.service, family: example.family, flags: example.flags)
        #expect(found == example.expected)
    }

    @Test("the linked resolver is c-ares")
    func version() throws {
        let version = try #require(apus_resolver_version())
        #expect(String(cString: version).hasPrefix("1."))
    }
}
