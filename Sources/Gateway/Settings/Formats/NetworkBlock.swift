import Glibc
package import Settings

/// A block of IP addresses in CIDR notation: `10.0.0.0/8`, `fd00::/8`, or one address.
///
/// IPv4 addresses are held as IPv6 ones that map them (`::ffff:a.b.c.d`, RFC 4291, section 2.5.5.2), so that a peer of
/// a dual-stack socket compares with either.
package struct NetworkBlock: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64
    /// Leading bits that count, of 128.
    private let length: Int
    package let description: String

    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first, let (high, low, isIPv4) = NetworkBlock.parse(String(address)) else {
            return nil
        }
        var length = 128
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let bits = Int(parts[1]),
                bits <= (isIPv4 ? 32 : 128)
            else { return nil }
            length = isIPv4 ? bits + 96 : bits
        }
        self.length = length
        self.high = high & NetworkBlock.mask(length)
        self.low = low & NetworkBlock.mask(length - 64)
        // An address with bits past the prefix is more likely a slip than meant.
        guard self.high == high, self.low == low else { return nil }
        description = text
    }

    /// Whether the block holds the address of these 16 bytes in network order, an IPv4 one mapped.
    package func contains(high: UInt64, low: UInt64) -> Bool {
        high & NetworkBlock.mask(length) == self.high && low & NetworkBlock.mask(length - 64) == self.low
    }

    /// For addresses as text; false where it is none.
    package func contains(_ address: String) -> Bool {
        guard let (high, low, _) = NetworkBlock.parse(address) else { return false }
        return contains(high: high, low: low)
    }

    /// The two halves of an address, an IPv4 one mapped; nil where `text` is none.
    package static func parse(_ text: String) -> (high: UInt64, low: UInt64, isIPv4: Bool)? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            return (0, 0xFFFF_0000_0000 | UInt64(UInt32(bigEndian: four.s_addr)), true)
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        let halves = withUnsafeBytes(of: &six) { bytes in
            (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        return (UInt64(bigEndian: halves.0), UInt64(bigEndian: halves.1), false)
    }

    private static func mask(_ bits: Int) -> UInt64 {
        bits <= 0 ? 0 : bits >= 64 ? .max : ~(.max >> UInt64(bits))
    }
}

extension ValueFormat where Value == NetworkBlock {
    package static var networkBlock: ValueFormat {
        parsed(
            name: "an address or a block of such",
            allowed: "10.0.0.0/8, 192.0.2.7 or fd00::/8, no bits after the prefix",
            pattern: #"^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$"#,
            parse: { NetworkBlock($0) }, render: { $0.description })
    }
}
