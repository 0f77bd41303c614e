import TestKit
import Testing

@testable import Age

struct Bech32Tests {
    /// BIP 173: valid strings.
    @Test(arguments: [
        "A12UEL5L",
        "a12uel5l",
        "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
        "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
        "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
    ])
    func valid(text: String) throws {
        #expect(throws: Never.self) { try checksum(text) }
    }

    /// Valid as Bech32; whether five bits make up whole bytes is a question of its own.
    private func checksum(_ text: String) throws {
        do { _ = try Bech32.decode(text) } catch Bech32.Failure.padding {}
    }

    @Test(
        arguments: [
            ("\u{20}1nwldj5", .character),
            ("\u{7F}1axkwrx", .character),
            ("\u{80}1eym55h", .character),
            ("pzry9x0s0muk", .noPrefix),
            ("1pzry9x0s0muk", .noPrefix),
            ("x1b4n0q5v", .character),
            ("li1dgmt3", .tooShort),
            ("de1lg7wt\u{FF}", .character),
            ("A1G7SGD8", .checksum),
            ("10a06t8", .noPrefix),
            ("1qzzfhee", .noPrefix),
            ("A12uEL5L", .mixedCase),
            ("a12uel5m", .checksum),
            ("", .noPrefix),
            (String(repeating: "a", count: 1025), .tooLong),
        ] as [(String, Bech32.Failure)])
    func invalid(text: String, failure: Bech32.Failure) {
        #expect(throws: failure) { try Bech32.decode(text) }
    }

    /// One byte takes two characters of five bits, of which the last two bits are zero; three are too many.
    @Test func zeroBitsAtTheEndOnly() throws {
        #expect(Bech32.encode(prefix: "a", [0xFF]) == "a1lu9cgf6y")
        #expect(try Bech32.decode("a1lu9cgf6y").bytes == [0xFF])
        #expect(throws: Bech32.Failure.padding) { try Bech32.decode("a1lacwuu8k") }
        #expect(throws: Bech32.Failure.padding) { try Bech32.decode("a1luq25lfhf") }
    }

    @Test func roundTrip() throws {
        for count in 0..<70 {
            let bytes = testBytes(count, seed: UInt64(count))
            let text = Bech32.encode(prefix: "age", bytes)
            let decoded = try Bech32.decode(text)
            #expect(decoded.prefix == "age" && decoded.bytes == bytes, "\(count) bytes")
            #expect(try Bech32.decode(text.uppercased()).bytes == bytes)
        }
    }

    @Test func anyWrongCharacterIsFound() {
        let text = Array(Bech32.encode(prefix: "age", testBytes(32)).utf8)
        for index in text.indices {
            for character in Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l1".utf8) where character != text[index] {
                var wrong = text
                wrong[index] = character
                #expect(throws: Bech32.Failure.self) { try Bech32.decode(String(decoding: wrong, as: UTF8.self)) }
            }
        }
    }
}

struct AgeBase64Tests {
    /// RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func vectors(plain: String, encoded: String) {
        let bytes = Array(plain.utf8)
        #expect(AgeBase64.encode(bytes, padded: true) == Array(encoded.utf8))
        #expect(AgeBase64.decode(Array(encoded.utf8)[...], padded: true) == bytes)
        let bare = encoded.filter { $0 != "=" }
        #expect(AgeBase64.encode(bytes, padded: false) == Array(bare.utf8))
        #expect(AgeBase64.decode(Array(bare.utf8)[...], padded: false) == bytes)
    }

    @Test(arguments: ["Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "=", "====", "Z===", "Zg==Zg==", "Zm9v\n", "Zm-v", "Zm9v="])
    func otherEncodingsAreRefused(text: String) {
        #expect(AgeBase64.decode(Array(text.utf8)[...], padded: true) == nil)
    }

    @Test(arguments: ["Zg==", "Zh", "Zm9", "Z", "Zm9vY", "Zm9v "])
    func otherBareEncodingsAreRefused(text: String) {
        #expect(AgeBase64.decode(Array(text.utf8)[...], padded: false) == nil)
    }
}
