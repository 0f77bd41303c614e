import Crypto
import TestKit
import Testing

@testable import Age

/// Whoever does not have a key cannot change a file unnoticed, and nothing of what was changed comes out.
struct AgeTamperTests {
    private static let identity = AgeIdentity.generate()
    private static let plaintext = Array("db password".utf8)

    private static func outcome(_ file: [UInt8]) -> Result<[UInt8], AgeError> {
        do throws(AgeError) {
            return .success(try Age.decrypt(file, with: [identity]))
        } catch {
            return .failure(error)
        }
    }

    @Test(arguments: [0x01, 0x80, 0x20, 0xFF] as [UInt8])
    func everyByteMatters(mask: UInt8) throws {
        let file = try Age.encrypt(AgeTamperTests.plaintext, to: [AgeTamperTests.identity.recipient])
        for index in file.indices {
            var altered = file
            altered[index] ^= mask
            if case .success = AgeTamperTests.outcome(altered) { Issue.record("byte \(index) may be changed") }
        }
    }

    @Test func everyByteOfAnArmorMatters() throws {
        let file = try Age.encrypt(
            AgeTamperTests.plaintext, to: [AgeTamperTests.identity.recipient], armored: true)
        for index in file.indices {
            var altered = file
            altered[index] ^= 0x01
            // The last line feed may be any white space, but not this.
            if case .success = AgeTamperTests.outcome(altered) { Issue.record("byte \(index) may be changed") }
        }
    }

    @Test(arguments: [false, true])
    func everyTruncationIsNoticed(armored: Bool) throws {
        let file = try Age.encrypt(
            AgeTamperTests.plaintext, to: [AgeTamperTests.identity.recipient], armored: armored)
        // An armor without its last line feed is whole.
        for count in 0..<(armored ? file.count - 1 : file.count) {
            guard case .failure(let error) = AgeTamperTests.outcome(Array(file.prefix(count))) else {
                Issue.record("\(count) bytes pass for the whole")
                continue
            }
            let isExpected = [.truncated, .notAnAgeFile, .payloadAltered].contains(error)
            #expect(isExpected, "\(count) bytes: \(error)")
        }
    }

    @Test func errorTellsWhatHappened() throws {
        let chunk = 65_536 + 16
        let file = try Age.encrypt(testBytes(200_000), to: [AgeTamperTests.identity.recipient])
        let start = file.count - 200_000 - 4 * 16
        func altered(_ change: (inout [UInt8]) -> Void) -> AgeError? {
            var copy = file
            change(&copy)
            if case .failure(let error) = AgeTamperTests.outcome(copy) { return error }
            return nil
        }
        #expect(altered { $0 = Array($0.prefix(start + chunk)) } == .truncated)
        #expect(altered { $0 = Array($0.prefix(start + 2 * chunk)) } == .truncated)
        #expect(altered { $0 = Array($0.prefix(start + 2 * chunk + 5)) } == .truncated)
        #expect(altered { $0.removeLast() } == .payloadAltered)
        #expect(altered { $0.append(0) } == .payloadAltered)
        #expect(altered { $0.swapAt(start + 1, start + chunk + 1) } == .payloadAltered)
        // Two chunks changing places, as wholes.
        #expect(
            altered { file in
                let first = Array(file[start..<(start + chunk)])
                file.replaceSubrange(start..<(start + chunk), with: file[(start + chunk)..<(start + 2 * chunk)])
                file.replaceSubrange((start + chunk)..<(start + 2 * chunk), with: first)
            } == .payloadAltered)
        // The last byte of the header's MAC, before its line feed and the payload's nonce, has two bits that mean
        // nothing.
        #expect(altered { $0[start - 16 - 10] ^= 1 } != nil)
    }

    @Test func bytesAfterAFullLastChunkAreNoticed() throws {
        let file = try Age.encrypt(testBytes(65_536), to: [AgeTamperTests.identity.recipient])
        #expect(AgeTamperTests.outcome(file + [0]) == .failure(.trailingData))
        #expect(AgeTamperTests.outcome(file + testBytes(100)) == .failure(.trailingData))
    }

    /// A last chunk without plaintext, sealed rightly: a second way to write the same file.
    @Test func emptyLastChunkIsRefused() throws {
        let fileKey = AgeFileKey.random()
        let nonce = [UInt8](repeating: 7, count: 16)
        let key = fileKey.payloadKey(nonce: nonce)
        func payload(_ chunks: [([UInt8], last: UInt8)]) throws -> [UInt8] {
            try chunks.enumerated().reduce(nonce) { payload, chunk in
                let bytes = [UInt8](repeating: 0, count: 10) + [UInt8(chunk.offset), chunk.element.last]
                let box = try ChaChaPoly.seal(chunk.element.0, using: key, nonce: try ChaChaPoly.Nonce(data: bytes))
                return payload + Array(box.ciphertext) + Array(box.tag)
            }
        }
        let full = testBytes(65_536)
        let sound = try payload([(full, 0), ([1], 1)])
        #expect(try AgePayload.open(sound[...], fileKey: fileKey).count == 65_537)
        let empty = try payload([(full, 0), ([], 1)])
        #expect(throws: AgeError.payloadAltered) { try AgePayload.open(empty[...], fileKey: fileKey) }
        #expect(try AgePayload.open(try payload([([], 1)])[...], fileKey: fileKey) == [])
        let twice = try payload([(full, 1), ([1], 1)])
        #expect(throws: AgeError.trailingData) { try AgePayload.open(twice[...], fileKey: fileKey) }
    }

    @Test func headerOfAnotherFileIsNoticed() throws {
        let recipient = AgeTamperTests.identity.recipient
        let one = try Age.encrypt([1, 2, 3], to: [recipient])
        let two = try Age.encrypt([4, 5, 6], to: [recipient])
        let mixed = Array(one.dropLast(35)) + two.suffix(35)
        #expect(AgeTamperTests.outcome(mixed) == .failure(.payloadAltered))
    }

    /// A stanza that is added by somebody who cannot decrypt.
    @Test func stanzaThatIsAddedIsNoticed() throws {
        let file = try Age.encrypt([1, 2, 3], to: [AgeTamperTests.identity.recipient])
        let line = Array("age-encryption.org/v1\n".utf8)
        let altered = line + Array("-> other one two\n\n".utf8) + file.dropFirst(line.count)
        #expect(AgeTamperTests.outcome(altered) == .failure(.headerAltered))
    }
}
