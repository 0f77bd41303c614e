package import Glibc

/// The address of a peer in 20 bytes: IPv6, IPv4 as IPv4-mapped IPv6, or nothing for a Unix socket.
package struct PeerAddress: Hashable, Sendable {
    package var high: UInt64 = 0
    package var low: UInt64 = 0
    package var port: UInt16 = 0
    package var isUnix = true

    package init() {}

    /// - Parameters: the 16 bytes of an IPv6 address, big-endian as two numbers in host order.
    package init(high: UInt64, low: UInt64, port: UInt16) {
        self.high = high
        self.low = low
        self.port = port
        isUnix = false
    }

    package init(_ storage: sockaddr_storage) {
        var storage = storage
        switch Int32(storage.ss_family) {
        case AF_INET:
            let address = withUnsafeBytes(of: &storage) { $0.load(as: sockaddr_in.self) }
            self.init(
                high: 0, low: 0xffff_0000_0000 | UInt64(UInt32(bigEndian: address.sin_addr.s_addr)),
                port: UInt16(bigEndian: address.sin_port))
        case AF_INET6:
            let address = withUnsafeBytes(of: &storage) { $0.load(as: sockaddr_in6.self) }
            var bytes = address.sin6_addr
            let (high, low) = withUnsafeBytes(of: &bytes) {
                ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
            self.init(
                high: UInt64(bigEndian: high), low: UInt64(bigEndian: low), port: UInt16(bigEndian: address.sin6_port))
        default:
            self.init()
        }
    }

    package var isIPv4: Bool { !isUnix && high == 0 && low >> 32 == 0xffff }

    /// `192.0.2.1`, `2001:db8::1` or `unix`, without the port.
    package var text: String {
        if isUnix { return "unix" }
        if isIPv4 {
            let value = UInt32(truncatingIfNeeded: low)
            return "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
        }
        var address = in6_addr()
        withUnsafeMutableBytes(of: &address) {
            $0.storeBytes(of: high.bigEndian, as: UInt64.self)
            $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            guard let base = buffer.baseAddress,
                inet_ntop(AF_INET6, &address, base, socklen_t(INET6_ADDRSTRLEN)) != nil
            else { return "unknown" }
            return String(cString: base)
        }
    }
}
