import Testing

@testable import Age

struct ScryptTests {
    /// RFC 7914, section 12, without the case that takes a gigabyte.
    @Test(arguments: [
        (
            "", "", 4, 1, 1,
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17"
                + "e8d3e0fb2e0d3628cf35e20c38d18906"
        ),
        (
            "password", "NaCl", 10, 8, 16,
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830da"
                + "c727afb94a83ee6d8360cbdfa2cc0640"
        ),
    ])
    func vectors(password: String, salt: String, cost: Int, block: Int, lanes: Int, expected: String) {
        let key = Scrypt.deriveKey(
            Array(password.utf8), salt: Array(salt.utf8), logarithmOfCost: cost, blockSize: block, parallelism: lanes,
            length: 64)
        let digits = Array("0123456789abcdef")
        #expect(String(key.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }) == expected)
    }
}
