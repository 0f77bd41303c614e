import Base
import CloudAPI
import Crypto
import Envelope
import Testing

@testable import LogArchive

/// However the bytes come, the parts are those of one sealed stream, cut at the same places.
struct PartSealerTests {
    private static let key = DataKey((0..<32).map { UInt8($0) })

    private func recipe(isEncrypted: Bool) throws -> SealRecipe {
        var recipe = SealRecipe(
            compression: .none, level: 0, frameBytes: 1 << 20, long: nil, engine: "", envelope: nil)
        if isEncrypted {
            let wrapped = WrappedKey(provider: "file:/k", keyID: "k", version: "1", ciphertext: [1, 2, 3])
            let header = try EnvelopeHeader(compression: "none", context: EnvelopeContext(["a": "b"]), wrapped: wrapped)
            recipe.envelope = EnvelopeRecipe(
                header: header, salt: [UInt8](repeating: 5, count: 32), noncePrefix: [UInt8](repeating: 6, count: 7))
        }
        return recipe
    }

    /// The parts of `content`, fed in pieces of the given sizes; each is given back before the next is taken where `recycles`.
    private func parts(
        _ content: [UInt8], _ recipe: SealRecipe, partBytes: Int, piece: Int, recycles: Bool
    ) throws -> [[UInt8]] {
        let spares = SpareParts()
        let sealer = try PartSealer(recipe: recipe, key: Self.key, partBytes: partBytes, spares: spares)
        var parts: [[UInt8]] = []
        func drain() {
            while let part = sealer.take() {
                parts.append(Array(part.prefix(part.count / 2) + part.suffix(part.count - part.count / 2)))
                if recycles { spares.give(part) }
            }
        }
        for start in stride(from: 0, to: content.count, by: piece) {
            try sealer.feed(content[start..<min(content.count, start + piece)])
            drain()
        }
        try sealer.finish()
        drain()
        return parts + [sealer.rest()]
    }

    @Test(arguments: [false, true], [1 << 20, 700_001, 4097])
    func partsAreTheSameHoweverTheBytesCome(isEncrypted: Bool, piece: Int) throws {
        let content = (0..<5_300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 11)) }
        let recipe = try recipe(isEncrypted: isEncrypted)
        let whole = try parts(content, recipe, partBytes: 1 << 30, piece: 1 << 20, recycles: false)
        try #require(whole.count == 1)
        if !isEncrypted { #expect(whole[0] == content) }
        for partBytes in [1_000_000, 65_537, whole[0].count, whole[0].count - 1] {
            let found = try parts(content, recipe, partBytes: partBytes, piece: piece, recycles: true)
            #expect(found.dropLast().allSatisfy { $0.count == partBytes })
            #expect((1...partBytes).contains(found.last?.count ?? 0), "the last has what is left, and something")
            #expect(Array(found.joined()) == whole[0])
        }
    }

    /// Whoever still holds a part that was given back keeps its bytes.
    @Test func aPartThatIsHeldIsNotWrittenOver() {
        let spares = SpareParts()
        var part = spares.take(100)
        part += [1, 2, 3]
        spares.give(part)
        var next = spares.take(100)
        next += [9, 9, 9]
        #expect(part == [1, 2, 3] && next == [9, 9, 9])
    }
}
