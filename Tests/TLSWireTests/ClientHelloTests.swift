import TestKit
import Testing

@testable import TLSWire

@Suite struct ClientHelloTests {
    /// A hello with only what the reader looks at, in records of at most `recordLength` bytes.
    private func hello(name: [UInt8]?, recordLength: Int = 16_384, padding: Int = 0) -> [UInt8] {
        func vector(_ width: Int, _ bytes: [UInt8]) -> [UInt8] {
            (0..<width).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
        }
        var extensions: [UInt8] = [0, 21] + vector(2, [UInt8](repeating: 0, count: padding))
        if let name { extensions += [0, 0] + vector(2, vector(2, [0] + vector(2, name))) }
        let body =
            [3, 3] + [UInt8](repeating: 7, count: 32) + vector(1, []) + vector(2, [0x13, 1]) + vector(1, [0])
            + vector(2, extensions)
        let message = [1] + vector(3, body)
        return stride(from: 0, to: message.count, by: recordLength).flatMap { start in
            [0x16, 3, 1] + vector(2, Array(message[start..<min(start + recordLength, message.count)]))
        }
    }

    private func read(_ bytes: [UInt8]) -> ClientHello.Outcome { bytes.withUnsafeBytes { ClientHello.read($0) } }

    @Test(arguments: [
        ("app.example", "app.example"), ("APP.Example", "app.example"), ("app.example.", "app.example"), (".", nil),
        ("", nil),
        ("a b", nil), ("a\u{0}b", nil), (String(repeating: "a", count: 254), nil),
    ])
    func nameIsRead(_ sent: String, _ name: String?) {
        #expect(read(hello(name: Array(sent.utf8))) == .complete(serverName: name))
    }

    @Test(arguments: [1, 4, 50, 300])
    func everyPrefixIsIncomplete(_ recordLength: Int) {
        let bytes = hello(name: Array("app.example".utf8), recordLength: recordLength, padding: 600)
        for count in 0..<bytes.count { #expect(read(Array(bytes[..<count])) == .incomplete, "\(count)") }
        #expect(read(bytes) == .complete(serverName: "app.example"))
    }

    @Test func helloWithoutANameIsComplete() {
        #expect(read(hello(name: nil)) == .complete(serverName: nil))
    }

    /// Beyond the bound, the choice is made without the name.
    @Test func endlessHelloIsCut() {
        #expect(read([0x16, 3, 1, 0x40, 0, 1, 0, 0x40, 1]) == .incomplete)
        let claimed: [UInt8] = [0x16, 3, 1, 0, 4, 1, 0, 0x40, 1]
        #expect(read(claimed) == .complete(serverName: nil))
        let records = (0..<2_000).flatMap { _ in [0x16, 3, 1, 0, 1, 1] as [UInt8] }
        #expect(read(records) == .complete(serverName: nil))
    }

    /// Nothing that a client sends may trap.
    @Test(arguments: 1...20) func damagedHellosDoNotTrap(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let good = hello(name: Array("app.example".utf8), recordLength: 60, padding: 100)
        for _ in 0..<500 {
            var bytes = Array(good.prefix(Int.random(in: 0...good.count, using: &generator)))
            for _ in 0..<3 where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let outcome = read(bytes)
            if bytes.count < 2 { #expect(outcome != .complete(serverName: "app.example"), "seed \(seed)") }
        }
    }
}
