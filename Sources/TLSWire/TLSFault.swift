import NIOSSL

/// Why a TLS session ended. Texts are for the operator; they hold no secret.
package enum TLSFault: Error, Hashable, Sendable {
    /// The peer spoke HTTP without TLS to a TLS port: worth a `400` in the clear.
    case plaintextHTTP
    /// The first bytes are neither TLS nor HTTP.
    case notTLS
    /// No common version or cipher, a malformed message, an alert of the peer: BoringSSL's word for it.
    case handshakeFailed(String)
    /// The peer's certificate was not accepted: unknown authority, expired, not yet valid.
    case certificateRejected(String)
    /// The peer was to send a certificate and did not.
    case certificateMissing
    /// The certificate is good but made out to another name.
    case nameMismatch
    /// A name that cannot be sent as SNI or verified.
    case invalidServerName(String)
    /// A record that does not decrypt, or another breach after the handshake.
    case broken(String)
    /// The connection ended without close_notify: data may be missing (RFC 8446 section 6.1).
    case truncated
    /// Data was to be sent before the handshake was complete or after `close`.
    case notEstablished

    init(_ error: any Error, wasEstablished: Bool) {
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            self = .nameMismatch
            return
        }
        let text = TLSFault.reason(error)
        switch text {
        case "CERTIFICATE_VERIFY_FAILED": self = .certificateRejected("it does not lead to a trusted authority")
        case "PEER_DID_NOT_RETURN_A_CERTIFICATE": self = .certificateMissing
        default: self = wasEstablished ? .broken(text) : .handshakeFailed(text)
        }
    }

    /// Says more about a rejected certificate than BoringSSL's stack does: its dates.
    func explained(by certificate: NIOSSLCertificate?, _ verifies: Bool) -> TLSFault {
        guard case .certificateRejected = self, verifies, let certificate else { return self }
        let summary = CertificateSummary(certificate)
        guard let problem = summary.problemNow else { return self }
        return .certificateRejected(problem)
    }

    /// The last part of `error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at file:line`, the
    /// first of the stack.
    private static func reason(_ error: any Error) -> String {
        guard let stack = stack(of: error), let first = stack.first else { return "\(error)" }
        let text = first.description
        let word = text.split(separator: " ").first { $0.contains("OPENSSL_internal:") } ?? Substring(text)
        return word.lastIndex(of: ":").map { String(word[word.index(after: $0)...]) } ?? String(word)
    }

    private static func stack(of error: any Error) -> NIOBoringSSLErrorStack? {
        var inner = error as? BoringSSLError
        if case .handshakeFailed(let cause)? = error as? NIOSSLError { inner = cause }
        if case .shutdownFailed(let cause)? = error as? NIOSSLError { inner = cause }
        switch inner {
        case .sslError(let stack)?, .unknownError(let stack)?: return stack
        default: return nil
        }
    }
}

extension TLSFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .plaintextHTTP: "plain HTTP was sent to a TLS port"
        case .notTLS: "the peer does not speak TLS"
        case .handshakeFailed(let reason): "the TLS handshake failed: \(reason)"
        case .certificateRejected(let reason): "the peer's certificate is not accepted: \(reason)"
        case .certificateMissing: "the peer sent no certificate"
        case .nameMismatch: "the peer's certificate is made out to another name"
        case .invalidServerName(let name): "\"\(name)\" is not a name that TLS can ask for"
        case .broken(let reason): "the TLS connection broke: \(reason)"
        case .truncated: "the connection ended without close_notify"
        case .notEstablished: "the TLS session is not established"
        }
    }
}
