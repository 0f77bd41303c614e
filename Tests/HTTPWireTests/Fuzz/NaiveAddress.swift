import Glibc

extension NaiveHead {
    /// What the C library takes for an IPv6 address.
    static func isIPv6(_ text: String) -> Bool {
        guard !text.utf8.contains(0) else { return false }
        var address = in6_addr()
        return text.withCString { inet_pton(AF_INET6, $0, &address) } == 1
    }
}
