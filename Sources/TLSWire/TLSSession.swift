package import HTTPWire
import NIOSSL

/// One TLS connection as a transformer of bytes without I/O: ciphertext from the peer goes in, plaintext and
/// ciphertext for the peer come out. It runs swift-nio-ssl (BoringSSL) in a pipeline of its own.
///
/// Confined to the thread that made it, its release included. After a fault every further call throws the same fault;
/// what was appended to `ciphertext` before (an alert) should still be sent. A server session holds no BoringSSL state
/// until the peer's whole client hello is there (at most `ClientHello.maximumLength` bytes are kept), so a silent
/// connection costs little.
///
/// Arithmetic of an established session: `receive` copies ciphertext once into BoringSSL's reach, decrypts, and copies
/// plaintext twice; `send` copies plaintext once, encrypts, and copies ciphertext twice. A call in pieces of 16 KiB
/// makes one or two allocations a piece. Growth is bounded: `receive` appends at most as much plaintext as it was
/// given (and what a record cut by an earlier call held back, 16 KiB); `send` appends the input and 22 to 64 bytes for
/// each 16,000 of it.
package final class TLSSession {
    private enum State {
        /// A server that has not seen the whole client hello; `hello` holds what came.
        case awaitingHello(TLSServerContext, hello: [UInt8])
        case running(TLSPipeline)
        case failed(TLSFault)
    }

    private var state: State
    private var isClosing = false
    private var cachedPeer: CertificateSummary?
    /// The name that the client asked for (RFC 6066 section 3), in lower case without a final dot; for a client, the
    /// name asked.
    package private(set) var serverName: String?
    /// Which of the server's certificates (`TLSServerContext.certificates`) is in use; nil for a client or before the
    /// hello.
    package private(set) var certificateIndex: Int?

    /// A session that answers a client.
    package init(server: TLSServerContext) {
        state = .awaitingHello(server, hello: [])
    }

    /// A session that calls a server. `serverName` is a DNS name (sent as SNI and verified) or an IP address (verified
    /// against the certificate's addresses, no SNI); nil is allowed only where the context does not verify.
    ///
    /// - Throws: `.invalidServerName` when the name cannot be sent or verified.
    package init(client: TLSClientContext, serverName: String?) throws(TLSFault) {
        self.serverName = serverName
        state = .running(try TLSPipeline(client: client, serverName: serverName))
    }

    /// True once the handshake is complete and data can be sent.
    package var isEstablished: Bool { pipeline?.ports.isEstablished ?? false }

    /// What ALPN settled (RFC 7301); `.none` before the handshake is complete or when the peer offered nothing that we
    /// know.
    package var negotiatedProtocol: NegotiatedProtocol { pipeline?.ports.negotiatedProtocol ?? .none }

    /// True when the peer has said that it sends no more (RFC 8446 section 6.1). An end of the connection without it
    /// is a truncation: see `receiveEnd`.
    package var hasReceivedCloseNotify: Bool { pipeline?.ports.hasReceivedCloseNotify ?? false }

    /// The version in use, as `TLSv1.3`; nil before the handshake is complete.
    package var version: String? { isEstablished ? pipeline?.versionName : nil }

    /// The peer's certificate. On a server it is there only where client certificates are asked for and verified.
    package var peerCertificate: CertificateSummary? {
        guard cachedPeer == nil, isEstablished, let certificate = pipeline?.handler.peerCertificate else {
            return cachedPeer
        }
        cachedPeer = CertificateSummary(certificate)
        return cachedPeer
    }

    /// Begins a client's handshake: appends the client hello. Nothing for a server. Call it once.
    package func start(ciphertext: WireBuffer) throws(TLSFault) {
        guard serverContext == nil else { return }
        let pipeline = try running()
        pipeline.start(ciphertext: ciphertext)
        try note(pipeline.ports.fault)
    }

    /// Takes bytes from the peer. Appends what they decrypt to, and what the handshake or an alert has to say to the
    /// peer.
    ///
    /// - Throws: the fault that ends the session. What the two buffers got before it stays valid.
    package func receive(
        _ bytes: UnsafeRawBufferPointer, plaintext: WireBuffer, ciphertext: WireBuffer
    ) throws(TLSFault) {
        // What follows close_notify is to be ignored (RFC 8446 section 6.1).
        guard !bytes.isEmpty, !hasReceivedCloseNotify else { return }
        guard case .awaitingHello(let context, let hello) = state else {
            return try feed(bytes, plaintext, ciphertext)
        }
        guard hello.isEmpty else { return try receiveHello(hello + bytes, context, plaintext, ciphertext) }
        try receiveHello(bytes, context, plaintext, ciphertext)
    }

    /// Tells that the peer's side of the connection ended. Data can still be sent.
    ///
    /// - Throws: `.truncated` when no close_notify came before: the data received may be cut short.
    package func receiveEnd() throws(TLSFault) {
        if case .failed(let fault) = state { throw fault }
        guard hasReceivedCloseNotify else { throw .truncated }
    }

    /// Encrypts `bytes`. Only for an established session that has not been closed.
    package func send(_ bytes: UnsafeRawBufferPointer, ciphertext: WireBuffer) throws(TLSFault) {
        guard serverContext == nil else { throw .notEstablished }
        let pipeline = try running()
        guard pipeline.ports.isEstablished, !isClosing else { throw .notEstablished }
        pipeline.send(bytes, ciphertext: ciphertext)
        try note(pipeline.ports.fault)
    }

    /// Appends close_notify: we send no more. Data can still be received. Nothing before the handshake is complete, or
    /// twice.
    package func close(ciphertext: WireBuffer) {
        guard let pipeline, isEstablished, !isClosing else { return }
        isClosing = true
        pipeline.close(ciphertext: ciphertext)
    }

    var pipeline: TLSPipeline? {
        guard case .running(let pipeline) = state else { return nil }
        return pipeline
    }

    private var serverContext: TLSServerContext? {
        guard case .awaitingHello(let context, _) = state else { return nil }
        return context
    }

    private func running() throws(TLSFault) -> TLSPipeline {
        switch state {
        case .running(let pipeline): return pipeline
        case .failed(let fault): throw fault
        case .awaitingHello: throw .notEstablished
        }
    }

    /// Looks at a hello that may still be incomplete; once it is whole, chooses the certificate and starts the
    /// handshake.
    private func receiveHello(
        _ hello: [UInt8], _ context: TLSServerContext, _ plaintext: WireBuffer, _ ciphertext: WireBuffer
    ) throws(TLSFault) {
        var outcome: Result<Void, TLSFault> = .success(())
        hello.withUnsafeBytes { bytes in
            do throws(TLSFault) { try receiveHello(bytes, context, plaintext, ciphertext) } catch {
                outcome = .failure(error)
            }
        }
        try outcome.get()
    }

    private func receiveHello(
        _ bytes: UnsafeRawBufferPointer, _ context: TLSServerContext, _ plaintext: WireBuffer, _ ciphertext: WireBuffer
    ) throws(TLSFault) {
        switch ClientHello.read(bytes) {
        case .incomplete: state = .awaitingHello(context, hello: Array(bytes))
        case .plaintextHTTP: try note(.plaintextHTTP)
        case .notTLS: try note(.notTLS)
        case .complete(let name):
            serverName = name
            let index = context.index(for: name)
            certificateIndex = index
            state = .running(TLSPipeline(server: context.certificates[index].context))
            try feed(bytes, plaintext, ciphertext)
        }
    }

    private func feed(
        _ bytes: UnsafeRawBufferPointer, _ plaintext: WireBuffer, _ ciphertext: WireBuffer
    ) throws(TLSFault) {
        let pipeline = try running()
        pipeline.receive(bytes, plaintext: plaintext, ciphertext: ciphertext)
        try note(pipeline.ports.fault)
    }

    /// Ends the session with `fault`, if any; BoringSSL's state goes at once.
    private func note(_ fault: TLSFault?) throws(TLSFault) {
        guard let fault else { return }
        state = .failed(fault)
        throw fault
    }
}
