import HTTPWire
import TestKit

@testable import HTTP2Wire

/// What a session told its owner about one stream.
struct Heard {
    var head = ""
    var interim: [String] = []
    var body: [UInt8] = []
    var trailers = ""
    var isEnded = false
    var reset: StreamError?
    var isRefused = false
}

/// A server's owner that notes what it hears. `answer` is called for each request's beginning.
final class ServerOwner: HTTP2ServerDelegate {
    var streams: [StreamID: Heard] = [:]
    var order: [StreamID] = []
    var opened: [StreamID] = []
    /// Gives bytes back at once, or leaves that to the test.
    var consumes = true
    weak var session: HTTP2ServerSession?
    var answer: ((StreamID) -> Void)?
    var onOpened: ((StreamID) -> Void)?

    func requestBegan(_ stream: StreamID, head: UnsafeRawBufferPointer, endsStream: Bool) {
        streams[stream] = Heard(head: String(decoding: head, as: UTF8.self), isEnded: endsStream)
        order.append(stream)
        answer?(stream)
    }
    func requestData(_ stream: StreamID, _ bytes: UnsafeRawBufferPointer) {
        streams[stream]?.body += bytes
        if consumes { session?.consumed(stream, bytes.count) }
    }
    func requestEnded(_ stream: StreamID, trailers: UnsafeRawBufferPointer) {
        streams[stream]?.isEnded = true
        streams[stream]?.trailers = String(decoding: trailers, as: UTF8.self)
    }
    func streamReset(_ stream: StreamID, _ error: StreamError, byPeer: Bool) {
        streams[stream, default: Heard()].reset = error
    }
    func windowOpened(_ stream: StreamID) {
        opened.append(stream)
        onOpened?(stream)
    }
}

final class ClientOwner: HTTP2ClientDelegate {
    var streams: [StreamID: Heard] = [:]
    var opened: [StreamID] = []
    var consumes = true
    weak var session: HTTP2ClientSession?
    var onOpened: ((StreamID) -> Void)?

    func interimResponse(_ stream: StreamID, head: UnsafeRawBufferPointer) {
        streams[stream, default: Heard()].interim.append(String(decoding: head, as: UTF8.self))
    }
    func responseBegan(_ stream: StreamID, head: UnsafeRawBufferPointer, endsStream: Bool) {
        streams[stream, default: Heard()].head = String(decoding: head, as: UTF8.self)
        streams[stream]?.isEnded = endsStream
    }
    func responseData(_ stream: StreamID, _ bytes: UnsafeRawBufferPointer) {
        streams[stream]?.body += bytes
        if consumes { session?.consumed(stream, bytes.count) }
    }
    func responseEnded(_ stream: StreamID, trailers: UnsafeRawBufferPointer) {
        streams[stream]?.isEnded = true
        streams[stream]?.trailers = String(decoding: trailers, as: UTF8.self)
    }
    func streamRefused(_ stream: StreamID) { streams[stream, default: Heard()].isRefused = true }
    func streamReset(_ stream: StreamID, _ error: StreamError, byPeer: Bool) {
        streams[stream, default: Heard()].reset = error
    }
    func windowOpened(_ stream: StreamID) {
        opened.append(stream)
        onOpened?(stream)
    }
}

/// A client and a server session with the network between them in memory.
final class HTTP2Pair {
    let client: HTTP2ClientSession
    let server: HTTP2ServerSession
    let clientOwner = ClientOwner()
    let serverOwner = ServerOwner()
    let toServer = WireBuffer(capacity: 1024)
    let toClient = WireBuffer(capacity: 1024)
    var piece: () -> Int = { .max }

    init(server: HTTP2Limits = HTTP2Limits(), client: HTTP2Limits = HTTP2Limits()) {
        self.client = HTTP2ClientSession(output: toServer, limits: client)
        self.server = HTTP2ServerSession(output: toClient, limits: server)
        self.client.delegate = clientOwner
        self.server.delegate = serverOwner
        clientOwner.session = self.client
        serverOwner.session = self.server
    }

    func settle() {
        while !toServer.isEmpty || !toClient.isEmpty { deliverOnce() }
    }

    func deliverOnce() {
        deliver(toServer) { server.receive($0) }
        client.outputDrained()
        deliver(toClient) { client.receive($0) }
        server.outputDrained()
    }

    private func deliver(_ network: WireBuffer, _ receive: (UnsafeRawBufferPointer) -> Void) {
        guard !network.isEmpty else { return }
        let bytes = Array(network.readable.prefix(max(1, piece())))
        network.consume(bytes.count)
        bytes.withUnsafeBytes(receive)
    }

    func open(_ head: String, endsStream: Bool = true) -> StreamID? {
        Array(head.utf8).withUnsafeBytes { client.open(head: $0, scheme: "https", endsStream: endsStream) }
    }

    func respond(_ stream: StreamID, _ head: String, endsStream: Bool = true) {
        Array(head.utf8).withUnsafeBytes { server.respond(stream, head: $0, endsStream: endsStream) }
    }
}
