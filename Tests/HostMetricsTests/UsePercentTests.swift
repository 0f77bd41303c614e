import TestKit
import Testing

@testable import HostMetrics

@Suite struct UsePercentTests {
    @Test(
        arguments: [
            (0, 0, nil), (0, 5, 0), (1, 999, 1), (1, 99, 1), (50, 50, 50), (995, 5, 100), (5, 0, 100), (2, 1, 67),
            (UInt64.max, 0, 100), (UInt64.max, UInt64.max, 50), (1, UInt64.max, 1),
        ] as [(UInt64, UInt64, Int?)])
    func roundsUpAsDf(used: UInt64, available: UInt64, expected: Int?) {
        #expect(UsePercent.of(used: used, available: available) == expected)
    }

    /// The model finds, by multiplication in digits of 32 bits, the smallest percentage p with p × total ≥ 100 × used.
    @Test func agreesWithABigNumberModel() {
        var random = SeededGenerator(seed: 0x5EED)
        for _ in 0..<2000 {
            let used = UInt64.random(in: 0...(.max), using: &random) >> UInt64.random(in: 0...63, using: &random)
            let available = UInt64.random(in: 0...(.max), using: &random) >> UInt64.random(in: 0...63, using: &random)
            let expected = UsePercentTests.model(used, available)
            #expect(
                UsePercent.of(used: used, available: available) == expected, "seed \(random.seed): \(used) \(available)"
            )
        }
    }

    private static func model(_ used: UInt64, _ available: UInt64) -> Int? {
        let total = add(digits(used), digits(available))
        guard total != [0, 0, 0, 0] else { return nil }
        let wanted = multiply(digits(used), 100)
        return (0...100).first { !isLess(multiply(total, UInt64($0)), wanted) }
    }

    private static func digits(_ number: UInt64) -> [UInt64] { [number & 0xFFFF_FFFF, number >> 32, 0, 0] }

    private static func add(_ left: [UInt64], _ right: [UInt64]) -> [UInt64] {
        carried(zip(left, right).map { $0 + $1 })
    }

    private static func multiply(_ number: [UInt64], _ factor: UInt64) -> [UInt64] {
        carried(number.map { $0 * factor })
    }

    private static func carried(_ number: [UInt64]) -> [UInt64] {
        var carry: UInt64 = 0
        return number.map { digit in
            let sum = digit + carry
            carry = sum >> 32
            return sum & 0xFFFF_FFFF
        }
    }

    private static func isLess(_ left: [UInt64], _ right: [UInt64]) -> Bool {
        for (a, b) in zip(left.reversed(), right.reversed()) where a != b { return a < b }
        return false
    }

    @Test func figuresAreInBlocks() {
        let figures = FileSystemFigures(
            blockSize: 4096, blocks: 1000, freeBlocks: 400, availableBlocks: 300, inodes: 200, freeInodes: 50)
        #expect(figures.sizeBytes == 4_096_000)
        #expect(figures.usedBytes == 2_457_600)
        #expect(figures.availableBytes == 1_228_800)
        #expect(figures.usePercent == 67)
        #expect(figures.inodesUsePercent == 75)
    }

    @Test func impossibleFiguresAreClamped() {
        let wrapped = FileSystemFigures(blockSize: 4096, blocks: 100, freeBlocks: 10, availableBlocks: UInt64.max - 4)
        #expect(wrapped.availableBytes == 0)
        #expect(wrapped.usePercent == 100)
        let strange = FileSystemFigures(
            blockSize: .max, blocks: 10, freeBlocks: 20, availableBlocks: 1, inodes: 0, freeInodes: 9)
        #expect(strange.usedBytes == 0)
        #expect(strange.sizeBytes == .max)
        #expect(strange.inodesUsePercent == nil)
    }
}
