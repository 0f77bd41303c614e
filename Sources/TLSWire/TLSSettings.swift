/// Where the parts of a server's TLS come from. Files are PEM.
package struct TLSServerSettings: Hashable, Sendable {
    /// A chain (leaf first, then intermediates) and its private key, not encrypted.
    package struct Certificate: Hashable, Sendable {
        package var chain: String
        package var key: String
        /// Names that choose this certificate; empty: those in the certificate.
        package var names: [String]

        package init(chain: String, key: String, names: [String] = []) {
            self.chain = chain
            self.key = key
            self.names = names
        }
    }

    /// Whether clients are asked for a certificate. One that is sent must lead to an authority in any case.
    package enum ClientCertificates: String, Hashable, Sendable, CaseIterable {
        case none, optional, required
    }

    /// At least one; the first is the default.
    package var certificates: [Certificate]
    /// In the server's order of preference.
    package var protocols: [NegotiatedProtocol] = [.http2, .http1]
    package var minimumVersion = TLSMinimumVersion.tls12
    package var clientCertificates = ClientCertificates.none
    /// Files with the authorities for client certificates; at least one where they are asked for.
    package var clientAuthorities: [String] = []

    package init(certificates: [Certificate]) {
        self.certificates = certificates
    }
}

/// Where the parts of a client's TLS (towards an upstream) come from. Files are PEM.
package struct TLSClientSettings: Hashable, Sendable {
    /// Whether the server's certificate must lead to an authority and bear the name asked for.
    package var verifies = true
    /// Files with authorities; none: those of the system.
    package var authorities: [String] = []
    /// A certificate to show to the server when it asks.
    package var certificate: TLSServerSettings.Certificate?
    package var protocols: [NegotiatedProtocol] = [.http1]
    package var minimumVersion = TLSMinimumVersion.tls12

    package init() {}
}

/// Older versions are forbidden (RFC 8996).
package enum TLSMinimumVersion: String, Hashable, Sendable, CaseIterable {
    case tls12 = "1.2"
    case tls13 = "1.3"
}
