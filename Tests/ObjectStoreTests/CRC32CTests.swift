import ObjectStore
import TestKit
import Testing

@Suite struct CRC32CTests {
    /// RFC 3720, appendix B.4, and the check value of the catalogue ("123456789").
    @Test(
        arguments: [
            (Array(repeating: 0, count: 32), 0x8A91_36AA), (Array(repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array(0..<32), 0x46DD_794E), (Array((0..<32).reversed()), 0x113F_DB5C),
            (Array("123456789".utf8), 0xE306_9283),
            ([], 0),
        ] as [([UInt8], UInt32)])
    func computesKnownValues(bytes: [UInt8], expected: UInt32) {
        #expect(CRC32C.of(bytes).value == expected)
        #expect(CRC32C.of(bytes).bytes.reduce(0) { $0 << 8 | UInt32($1) } == expected)
    }

    @Test func takesBytesInPieces() {
        let bytes = someBytes(1000)
        for cut in [0, 1, 7, 8, 9, 500, 999, 1000] {
            var crc = CRC32C()
            crc.update(Array(bytes[..<cut]).span)
            crc.update(Array(bytes[cut...]).span)
            #expect(crc.value == CRC32C.of(bytes).value, "\(cut)")
        }
    }
}
