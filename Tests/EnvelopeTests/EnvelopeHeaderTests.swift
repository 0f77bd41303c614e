import Base
import Crypto
import Envelope
import TestKit
import Testing

@Suite struct EnvelopeHeaderTests {
    static let context = EnvelopeContext([
        "host": "web-1.example.org", "file": "/var/log/nginx/access.log", "generation": "2026-11-28T00:00:00Z-42",
    ])
    static let wrapped = WrappedKey(
        provider: "kms://prod/log-enc", keyID: "arn:aws:kms:eu-central-1:1:key/2", version: "",
        ciphertext: (0..<184).map { UInt8($0) })

    static func header(_ wrapped: WrappedKey = wrapped) throws -> EnvelopeHeader {
        try EnvelopeHeader(compression: "zstd", context: context, wrapped: wrapped)
    }

    @Test func isReadAsWritten() throws {
        let header = try EnvelopeHeaderTests.header()
        let bytes = header.encoded()
        #expect(bytes.count == 4096)
        #expect(header.size == 4096)
        #expect(try EnvelopeHeader.size(fromPrefix: [UInt8](bytes.prefix(12))) == 4096)
        let read = try EnvelopeHeader(parsing: bytes + [1, 2, 3])
        #expect(read == header)
        #expect(read.context["host"] == "web-1.example.org")
        #expect(read.associatedData == header.associatedData)
    }

    /// The format as it is: these bytes must never change.
    @Test func theBytesAreThoseOfTheDocument() throws {
        let header = try EnvelopeHeader(
            compression: "none", context: EnvelopeContext(["host": "a", "file": "b"]),
            wrapped: WrappedKey(provider: "env:K", keyID: "K", version: "2", ciphertext: [7, 8]))
        let fixed =
            [0, 1, 0, 19] + Array("AES256_GCM_HKDF_1MB".utf8) + [0, 4] + Array("none".utf8) + [0, 2]
            + [0, 4] + Array("file".utf8) + [0, 1] + Array("b".utf8)
            + [0, 4] + Array("host".utf8) + [0, 1] + Array("a".utf8)
        let wrapping =
            [0, 5] + Array("env:K".utf8) + [0, 1] + Array("K".utf8) + [0, 1] + Array("2".utf8) + [0, 2, 7, 8]
        var wanted = Array("APUSLOG1".utf8) + [0, 0, 16, 0]
        wanted += [0, 0, 0, UInt8(fixed.count)] + fixed + [0, 0, 0, UInt8(wrapping.count)] + wrapping
        wanted += [UInt8](repeating: 0, count: 4096 - 32 - wanted.count)
        wanted += SHA256.hash(data: wanted)
        #expect(header.encoded() == wanted)
        #expect(header.associatedData == fixed)
    }

    @Test func rewrappingKeepsWhatTheStreamIsBoundTo() throws {
        let header = try EnvelopeHeaderTests.header()
        let other = WrappedKey(
            provider: "file:/k", keyID: "0011223344556677", version: "3", ciphertext: [UInt8](repeating: 9, count: 60))
        let again = try header.rewrapped(other)
        #expect(again.size == header.size)
        #expect(again.associatedData == header.associatedData)
        #expect(again.wrapped == other)
        #expect(try EnvelopeHeader(parsing: again.encoded()) == again)

        let large = try again.rewrapped(
            WrappedKey(provider: "exec:/x", keyID: "k", version: "", ciphertext: [UInt8](repeating: 1, count: 8192)))
        #expect(large.size == 12_288)
        #expect(try EnvelopeHeader(parsing: large.encoded()) == large)
        // What was large stays so: the stream behind it does not move.
        let back = try large.rewrapped(other)
        #expect(back.size == 12_288)
        #expect(try EnvelopeHeader(parsing: back.encoded()) == back)
    }

    @Test func everyAlteredByteIsNoticed() throws {
        let bytes = try EnvelopeHeaderTests.header().encoded()
        for place in 0..<bytes.count {
            for mask in [1, 0x20, 0x80] as [UInt8] {
                var altered = bytes
                altered[place] ^= mask
                let wanted: Set<String> =
                    place < 7
                    ? ["envelope-not"]
                    : place == 7 ? ["envelope-version"] : ["envelope-damaged", "envelope-truncated"]
                let code = EnvelopeHeaderTests.failure(altered)
                #expect(wanted.contains(code), "byte \(place): \(code)")
            }
        }
    }

    @Test func everyCutIsNoticed() throws {
        let bytes = try EnvelopeHeaderTests.header().encoded()
        #expect(EnvelopeHeaderTests.failure([]) == "envelope-not")
        for length in 1..<bytes.count {
            #expect(EnvelopeHeaderTests.failure([UInt8](bytes.prefix(length))) == "envelope-truncated", "\(length)")
        }
    }

    @Test(arguments: ["", "hello", "APUSLOX1", "\u{28}\u{B5}/", "age-encryption.org/v1\n"])
    func otherFilesAreNotOurs(text: String) {
        #expect(EnvelopeHeaderTests.failure(Array(text.utf8)) == "envelope-not")
    }

    struct Forgery: Sendable, CustomTestStringConvertible {
        let what: String
        let fixed: [UInt8]
        let wrapping: [UInt8]
        var padding: [UInt8] = []
        let code: String
        var testDescription: String { what }
    }

    private static func field(_ text: String) -> [UInt8] { [0, UInt8(text.utf8.count)] + Array(text.utf8) }
    private static let start = [0, 1] + field("AES256_GCM_HKDF_1MB") + field("zstd")
    private static let goodFixed = start + [0, 1] + field("a") + field("x")
    private static let goodWrapping = field("p") + field("k") + field("v") + [0, 1, 9]

    /// With a checksum that is right, since anyone can compute one.
    @Test(arguments: [
        Forgery(what: "nothing wrong", fixed: goodFixed, wrapping: goodWrapping, code: ""),
        Forgery(what: "no pairs", fixed: start + [0, 0], wrapping: goodWrapping, code: ""),
        Forgery(
            what: "another version", fixed: [0, 2] + goodFixed.dropFirst(2), wrapping: goodWrapping,
            code: "envelope-version"),
        Forgery(
            what: "another algorithm", fixed: [0, 1] + field("AES128_GCM_HKDF_1MB") + field("zstd") + [0, 0],
            wrapping: goodWrapping, code: "envelope-version"),
        Forgery(
            what: "pairs out of order", fixed: start + [0, 2] + field("b") + field("x") + field("a") + field("x"),
            wrapping: goodWrapping, code: "envelope-damaged"),
        Forgery(
            what: "a pair twice", fixed: start + [0, 2] + field("a") + field("x") + field("a") + field("x"),
            wrapping: goodWrapping, code: "envelope-damaged"),
        Forgery(
            what: "more pairs than bytes", fixed: start + [0, 9], wrapping: goodWrapping, code: "envelope-damaged"),
        Forgery(what: "too many pairs", fixed: start + [255, 255], wrapping: goodWrapping, code: "envelope-damaged"),
        Forgery(
            what: "bytes behind the pairs", fixed: goodFixed + [0], wrapping: goodWrapping, code: "envelope-damaged"),
        Forgery(
            what: "bytes behind the key", fixed: goodFixed, wrapping: goodWrapping + [0], code: "envelope-damaged"),
        Forgery(
            what: "bytes in the padding", fixed: goodFixed, wrapping: goodWrapping, padding: [1],
            code: "envelope-damaged"),
        Forgery(
            what: "a name in capitals", fixed: start + [0, 1] + field("A") + field("x"), wrapping: goodWrapping,
            code: "envelope-damaged"),
        Forgery(
            what: "a line feed in a value", fixed: start + [0, 1] + field("a") + field("x\n"), wrapping: goodWrapping,
            code: "envelope-damaged"),
        Forgery(
            what: "no UTF-8", fixed: start + [0, 1] + field("a") + [0, 1, 0xFF], wrapping: goodWrapping,
            code: "envelope-damaged"),
        Forgery(
            what: "an empty wrapped key", fixed: goodFixed, wrapping: field("p") + field("k") + field("v") + [0, 0],
            code: "envelope-damaged"),
        Forgery(
            what: "a field beyond the end", fixed: goodFixed,
            wrapping: field("p") + field("k") + field("v") + [9, 9, 9],
            code: "envelope-damaged"),
        Forgery(what: "nothing at all", fixed: [], wrapping: [], code: "envelope-damaged"),
    ])
    func forgedHeadersAreRefused(forgery: Forgery) {
        var bytes = Array("APUSLOG1".utf8) + [0, 0, 16, 0]
        for part in [forgery.fixed, forgery.wrapping] { bytes += [0, 0, 0, UInt8(part.count)] + part }
        bytes += forgery.padding
        bytes += [UInt8](repeating: 0, count: 4096 - 32 - bytes.count)
        bytes += SHA256.hash(data: bytes)
        #expect(EnvelopeHeaderTests.failure(bytes) == forgery.code)
    }

    @Test func noiseWithARightChecksumNeverDoesMoreThanFail() throws {
        var random = SeededGenerator(seed: 0xE57)
        let good = try EnvelopeHeaderTests.header().encoded()
        for round in 0..<1000 {
            var bytes = good.prefix(4096 - 32).map { $0 }
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: 8..<500, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            bytes += SHA256.hash(data: bytes)
            let code = EnvelopeHeaderTests.failure(bytes)
            let known = ["", "envelope-damaged", "envelope-truncated", "envelope-version"]
            #expect(known.contains(code), "seed \(random.seed), round \(round): \(code)")
            if code.isEmpty { #expect(try EnvelopeHeader(parsing: bytes).encoded() == bytes) }
        }
    }

    @Test func whatAHeaderCannotHoldIsRefused() {
        let long = String(repeating: "x", count: 1025)
        let contexts = [
            ["": "x"], ["host": ""], ["Host": "x"], ["host": long], ["host": "a\u{7}b"],
            Dictionary(uniqueKeysWithValues: (0..<17).map { ("n\($0)", "x") }),
        ]
        for context in contexts {
            #expect(throws: ApusError.self) { try EnvelopeContext(context).check() }
        }
        let good = EnvelopeHeaderTests.wrapped
        for spoil in [
            { $0.provider = "" }, { $0.keyID = "a\nb" }, { $0.version = String(repeating: "v", count: 129) },
            { $0.ciphertext = [] }, { $0.ciphertext = [UInt8](repeating: 0, count: 8193) },
        ] as [(inout WrappedKey) -> Void] {
            var wrapped = good
            spoil(&wrapped)
            #expect(throws: ApusError.self) { try EnvelopeHeaderTests.header(wrapped) }
        }
        #expect(throws: ApusError.self) {
            try EnvelopeHeader(compression: "", context: EnvelopeHeaderTests.context, wrapped: good)
        }
    }

    /// The code of what the parser says; empty when it takes the bytes.
    static func failure(_ bytes: [UInt8]) -> String {
        do {
            _ = try EnvelopeHeader(parsing: bytes)
            return ""
        } catch {
            return error.code
        }
    }
}
