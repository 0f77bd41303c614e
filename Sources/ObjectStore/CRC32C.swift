/// CRC-32C (Castagnoli; RFC 3720, appendix B.4), reflected polynomial 0x82F63B78, eight bytes a step by eight tables
/// ("slicing by eight", Kounavis and Berry 2005): about one gigabyte a second, a copy of nothing, 8 KiB of tables.
package struct CRC32C: Sendable {
    private var state: UInt32 = 0xFFFF_FFFF

    package init() {}

    package var value: UInt32 { ~state }

    /// The four bytes, big end first, as `x-amz-checksum-crc32c` encodes them.
    package var bytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) } }

    package static func of(_ bytes: [UInt8]) -> CRC32C {
        var crc = CRC32C()
        crc.update(bytes.span)
        return crc
    }

    package mutating func update(_ bytes: borrowing Span<UInt8>) {
        state = bytes.withUnsafeBytes { bytes in
            CRC32C.tables.withUnsafeBufferPointer { CRC32C.run(state, bytes, $0) }
        }
    }

    private static func run(
        _ start: UInt32, _ bytes: UnsafeRawBufferPointer, _ table: UnsafeBufferPointer<UInt32>
    ) -> UInt32 {
        var crc = start
        var offset = 0
        let whole = bytes.count & ~7
        while offset < whole {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) ^ UInt64(crc)
            crc =
                table[1792 + Int(word & 0xFF)] ^ table[1536 + Int(word >> 8 & 0xFF)]
                ^ table[1280 + Int(word >> 16 & 0xFF)] ^ table[1024 + Int(word >> 24 & 0xFF)]
                ^ table[768 + Int(word >> 32 & 0xFF)] ^ table[512 + Int(word >> 40 & 0xFF)]
                ^ table[256 + Int(word >> 48 & 0xFF)] ^ table[Int(word >> 56)]
            offset += 8
        }
        while offset < bytes.count {
            crc = crc >> 8 ^ table[Int((crc ^ UInt32(bytes[offset])) & 0xFF)]
            offset += 1
        }
        return crc
    }

    /// Table `k` holds the effect of a byte that `k` zero bytes follow.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
            tables[byte] = crc
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
        }
        return tables
    }()
}
