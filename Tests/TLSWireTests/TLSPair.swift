import Base
import HTTPWire
import TestKit

@testable import TLSWire

/// A client and a server session with the network between them in memory. Bytes are delivered in pieces of `piece`.
final class TLSPair {
    let client: TLSSession
    let server: TLSSession
    let toServer = WireBuffer(capacity: 1024)
    let toClient = WireBuffer(capacity: 1024)
    let atServer = WireBuffer(capacity: 1024)
    let atClient = WireBuffer(capacity: 1024)
    private(set) var clientFault: TLSFault?
    private(set) var serverFault: TLSFault?
    var piece: () -> Int = { .max }
    /// Changes bytes on their way.
    var change: (inout [UInt8]) -> Void = { _ in }

    init(server: TLSServerContext, client: TLSClientContext, name: String?) throws(TLSFault) {
        self.client = try TLSSession(client: client, serverName: name)
        self.server = TLSSession(server: server)
        try self.client.start(ciphertext: toServer)
    }

    /// Delivers until both directions are empty.
    func settle() {
        while !toServer.isEmpty || !toClient.isEmpty {
            deliver(from: toServer, to: server, atServer, toClient, &serverFault)
            deliver(from: toClient, to: client, atClient, toServer, &clientFault)
        }
    }

    private func deliver(
        from network: WireBuffer, to session: TLSSession, _ plaintext: WireBuffer, _ answer: WireBuffer,
        _ fault: inout TLSFault?
    ) {
        guard !network.isEmpty else { return }
        var bytes = Array(network.readable.prefix(max(1, piece())))
        network.consume(bytes.count)
        change(&bytes)
        guard fault == nil else { return }
        bytes.withUnsafeBytes { bytes in
            do throws(TLSFault) {
                try session.receive(bytes, plaintext: plaintext, ciphertext: answer)
            } catch { fault = error }
        }
    }

    func send(_ bytes: [UInt8], from session: TLSSession) throws {
        try bytes.withUnsafeBytes { try session.send($0, ciphertext: session === client ? toServer : toClient) }
    }
}

extension WireBuffer {
    var bytes: [UInt8] { Array(readable) }
    var text: String { String(decoding: readable, as: UTF8.self) }
}

/// Contexts made from the test certificates.
enum TestContexts {
    static func server(
        _ names: [String] = ["app"], _ change: (inout TLSServerSettings) -> Void = { _ in }
    ) throws -> TLSServerContext {
        let files = try TestCertificates.shared()
        var settings = TLSServerSettings(certificates: names.map { files.certificate($0) })
        change(&settings)
        return try TLSServerContext.load(settings)
    }

    static func client(
        authority: String = "authority", _ change: (inout TLSClientSettings) -> Void = { _ in }
    ) throws -> TLSClientContext {
        var settings = TLSClientSettings()
        settings.authorities = [try TestCertificates.shared().path("\(authority).pem")]
        settings.protocols = [.http2, .http1]
        change(&settings)
        return try TLSClientContext.load(settings)
    }
}
