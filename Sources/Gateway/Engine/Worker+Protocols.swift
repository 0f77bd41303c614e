import Base
import HTTPWire
import Reactor
import TLSWire

/// Connections that go on in another protocol than they began with.
extension Worker {
    /// The client speaks HTTP/2. `bytes` is what it has said, where that is not in the connection's own buffer.
    func becomeHTTP2(_ connection: ClientConnection, _ bytes: UnsafeRawBufferPointer?) {
        let successor = HTTP2Connection(
            worker: self, descriptor: connection.descriptor, listener: connection.listener, peer: connection.peer)
        reactor.replace(connection, by: successor)
        exchange(connection, for: successor)
        successor.takeOver(from: connection)
        if let bytes {
            let kept = successor.input ?? takeBuffer()
            // From the parked buffer of the connection they have been taken over already.
            if kept.isEmpty { kept.append(bytes) }
            successor.input = kept
        }
        successor.begin()
    }

    /// ALPN chose HTTP/2 for a connection to an upstream.
    func becomeHTTP2(_ connection: UpstreamConnection, _ attempt: Attempt?) {
        let successor = HTTP2Upstream(
            worker: self, pool: connection.pool, descriptor: connection.descriptor, for: attempt)
        connection.forgetAttempt()
        reactor.replace(connection, by: successor)
        successor.takeOver(from: connection)
        successor.established()
    }

    /// A stream could not be opened although there seemed to be room: the attempt goes elsewhere, at the next turn.
    func refuseSoon(_ stream: HTTP2UpstreamStream) {
        // Confined to this thread: the job runs on it.
        nonisolated(unsafe) let stream = stream
        reactor.poster.post { stream.fail(.refusedStream) }
    }

    func note(upstream host: UpstreamHost, _ fault: TLSFault) {
        host.note(tlsFault: fault.label)
    }
}

extension TLSFault {
    /// One of a few words, for a metric's label.
    var label: String {
        switch self {
        case .plaintextHTTP: "plain HTTP"
        case .notTLS: "no TLS"
        case .handshakeFailed: "handshake failed"
        case .certificateRejected: "certificate rejected"
        case .certificateMissing: "certificate missing"
        case .nameMismatch: "name mismatch"
        case .invalidServerName: "invalid server name"
        case .broken: "broken"
        case .truncated: "truncated"
        case .notEstablished: "not established"
        }
    }
}
