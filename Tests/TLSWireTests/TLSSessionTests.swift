import HTTPWire
import TestKit
import Testing

@testable import TLSWire

@Suite struct TLSSessionTests {
    @Test func twoSessionsTalk() throws {
        let pair = try TLSPair(server: TestContexts.server(), client: TestContexts.client(), name: "app.example")
        pair.settle()
        #expect(pair.client.isEstablished && pair.server.isEstablished)
        #expect(pair.server.serverName == "app.example")
        #expect(pair.server.negotiatedProtocol == .http2 && pair.client.negotiatedProtocol == .http2)
        #expect(pair.server.version == "tlsv13")
        #expect(pair.client.peerCertificate?.dnsNames == ["app.example", "*.app.example"])
        #expect(pair.server.peerCertificate == nil)
        try pair.send(Array("request".utf8), from: pair.client)
        try pair.send(Array("response".utf8), from: pair.server)
        pair.settle()
        #expect(pair.atServer.text == "request" && pair.atClient.text == "response")
    }

    /// Whatever the network cuts the stream into, the same bytes arrive: the hello, records and their headers are cut
    /// everywhere.
    @Test(arguments: [1, 2, 3, 5, 7, 100, 1_000, 20_000])
    func bytesArriveWholeInPiecesOf(_ size: Int) throws {
        let pair = try TLSPair(server: TestContexts.server(), client: TestContexts.client(), name: "app.example")
        pair.piece = { size }
        pair.settle()
        #expect(pair.server.serverName == "app.example")
        try exchange(pair, count: size < 100 ? 5_000 : 100_000, seed: UInt64(size))
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func bytesArriveWholeInRandomPieces(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pair = try TLSPair(server: TestContexts.server(), client: TestContexts.client(), name: "app.example")
        pair.piece = { Int.random(in: 1...40_000, using: &generator) }
        pair.settle()
        try exchange(pair, count: 200_000, seed: seed)
    }

    private func exchange(_ pair: TLSPair, count: Int, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let request = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let response = Array(request.reversed())
        try pair.send(request, from: pair.client)
        try pair.send(response, from: pair.server)
        pair.settle()
        #expect(pair.atServer.bytes == request, "seed \(seed)")
        #expect(pair.atClient.bytes == response, "seed \(seed)")
    }

    @Test func closeNotifyTellsTheEndFromATruncation() throws {
        let pair = try TLSPair(server: TestContexts.server(), client: TestContexts.client(), name: "app.example")
        pair.settle()
        try pair.send(Array("all".utf8), from: pair.server)
        pair.server.close(ciphertext: pair.toClient)
        pair.server.close(ciphertext: pair.toClient)
        pair.settle()
        #expect(pair.atClient.text == "all" && pair.client.hasReceivedCloseNotify)
        #expect(throws: Never.self) { try pair.client.receiveEnd() }
        #expect(throws: TLSFault.truncated) { try pair.server.receiveEnd() }
        // The other direction stays open until its own close_notify.
        #expect(throws: TLSFault.notEstablished) { try pair.send([1], from: pair.server) }
    }

    @Test func bytesAfterCloseNotifyAreIgnored() throws {
        let pair = try TLSPair(server: TestContexts.server(), client: TestContexts.client(), name: "app.example")
        pair.settle()
        pair.client.close(ciphertext: pair.toServer)
        pair.toServer.append([UInt8](repeating: 0x17, count: 40_000))
        pair.settle()
        #expect(pair.server.hasReceivedCloseNotify && pair.serverFault == nil && pair.atServer.isEmpty)
        // Both close: no state is left to complain.
        pair.server.close(ciphertext: pair.toClient)
        pair.settle()
        #expect(pair.client.hasReceivedCloseNotify && pair.clientFault == nil)
    }

    @Test func halfClosedPeerStillReceives() throws {
        let pair = try TLSPair(server: TestContexts.server(), client: TestContexts.client(), name: "app.example")
        pair.settle()
        pair.client.close(ciphertext: pair.toServer)
        pair.settle()
        #expect(pair.server.hasReceivedCloseNotify)
        try pair.send(Array("late answer".utf8), from: pair.server)
        pair.server.close(ciphertext: pair.toClient)
        pair.settle()
        #expect(pair.atClient.text == "late answer" && pair.client.hasReceivedCloseNotify)
        #expect(pair.clientFault == nil && pair.serverFault == nil)
    }

    @Test func changedRecordBreaksTheSession() throws {
        let pair = try TLSPair(server: TestContexts.server(), client: TestContexts.client(), name: "app.example")
        pair.settle()
        try pair.send(Array("money".utf8), from: pair.client)
        var record = pair.toServer.bytes
        pair.toServer.clear()
        record[record.count - 1] ^= 1
        pair.toServer.append(record)
        pair.settle()
        #expect(
            pair.serverFault == .broken("BAD_DECRYPT")
                || pair.serverFault == .broken("DECRYPTION_FAILED_OR_BAD_RECORD_MAC"))
        #expect(pair.atServer.isEmpty)
        let fault = try #require(pair.serverFault)  // it stays
        #expect(throws: fault) { try pair.send([1], from: pair.server) }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n", TLSFault.plaintextHTTP), ("PRI * HTTP/2.0\r\n", .plaintextHTTP), ("G", .plaintextHTTP),
        ("\u{0}\u{1}", .notTLS), ("\u{16}\u{2}", .notTLS), ("\u{5}\u{1}\u{0}", .notTLS),
    ])
    func foreignFirstBytesAreTold(_ text: String, _ fault: TLSFault) throws {
        let session = TLSSession(server: try TestContexts.server())
        let (plaintext, ciphertext) = (WireBuffer(capacity: 64), WireBuffer(capacity: 64))
        #expect(throws: fault) {
            try Array(text.utf8).withUnsafeBytes {
                try session.receive($0, plaintext: plaintext, ciphertext: ciphertext)
            }
        }
        #expect(ciphertext.isEmpty)
    }

    @Test func malformedHelloIsAnsweredWithAnAlert() throws {
        let session = TLSSession(server: try TestContexts.server())
        let (plaintext, ciphertext) = (WireBuffer(capacity: 64), WireBuffer(capacity: 64))
        let hello: [UInt8] = [0x16, 3, 1, 0, 5, 1, 0, 0, 1, 9]
        #expect(throws: TLSFault.self) {
            try hello.withUnsafeBytes { try session.receive($0, plaintext: plaintext, ciphertext: ciphertext) }
        }
        #expect(ciphertext.bytes.first == 0x15)
    }

    @Test func nothingIsSentBeforeTheHandshake() throws {
        let server = TLSSession(server: try TestContexts.server())
        let client = try TLSSession(client: TestContexts.client(), serverName: "app.example")
        let ciphertext = WireBuffer(capacity: 64)
        for session in [server, client] {
            #expect(throws: TLSFault.notEstablished) {
                try [UInt8](repeating: 1, count: 4).withUnsafeBytes { try session.send($0, ciphertext: ciphertext) }
            }
            session.close(ciphertext: ciphertext)
        }
        #expect(ciphertext.isEmpty)
        #expect(throws: TLSFault.truncated) { try server.receiveEnd() }
    }

    /// A byte changed on the way, at any moment of the handshake or after it, is never accepted as data and never
    /// traps.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func damagedStreamsEndWithAFault(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pair = try TLSPair(server: TestContexts.server(), client: TestContexts.client(), name: "app.example")
        var passed = 0
        let target = Int.random(in: 0..<4_000, using: &generator)
        pair.change = { bytes in
            let index = target - passed
            passed += bytes.count
            if bytes.indices.contains(index) { bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator) }
        }
        let request = [UInt8](repeating: 7, count: 3_000)
        pair.settle()
        if pair.client.isEstablished, pair.server.isEstablished {
            try pair.send(request, from: pair.client)
            pair.settle()
        }
        let isWhole = pair.atServer.bytes == request
        #expect(
            isWhole || pair.serverFault != nil || pair.clientFault != nil || !pair.server.isEstablished, "seed \(seed)")
        #expect(isWhole || pair.atServer.isEmpty, "seed \(seed)")
    }

    /// NIO's objects refer to one another: a session that goes must take them along, whatever state it was in.
    @Test(arguments: [0, 1, 2, 3]) func sessionLeavesNothingBehind(_ stage: Int) throws {
        weak var channel: AnyObject?
        weak var handler: AnyObject?
        try {
            let pair = try TLSPair(server: TestContexts.server(), client: TestContexts.client(), name: "app.example")
            if stage == 0 { pair.piece = { 100 } }
            if stage > 0 { pair.settle() }
            if stage > 1 { pair.server.close(ciphertext: pair.toClient) }
            if stage > 2 { pair.settle() }
            channel = pair.client.pipeline?.channel
            handler = pair.client.pipeline?.handler
            #expect(channel != nil && handler != nil)
        }()
        #expect(channel == nil && handler == nil)
    }
}
