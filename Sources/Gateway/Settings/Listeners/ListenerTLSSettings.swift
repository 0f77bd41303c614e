package import Settings

/// TLS towards clients. The files are read again when they change on disk.
package struct ListenerTLSSettings: SettingsGroup {
    package enum Version: String, Sendable, CaseIterable {
        case tls12 = "TLSv1.2"
        case tls13 = "TLSv1.3"
    }
    package enum Application: String, Sendable, CaseIterable {
        case http2 = "h2"
        case http1 = "http/1.1"
    }

    package var certificates: [CertificateSettings] = []
    package var clientCertificates: ClientCertificateSettings?
    package var minimumVersion = Version.tls12
    package var alpn: [Application] = [.http2, .http1]

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "certificates", \.certificates, .oneOrMany(of: .group(), count: 1...1000),
                "Certificates with their keys; a client's SNI chooses, the first one answers unknown names.",
                required: true),
            SettingsField(
                "clientCertificates", \.clientCertificates, .group(),
                "Asks clients for a certificate; left out: they are not asked."),
            SettingsField("minimumVersion", \.minimumVersion, .choice(), "The oldest version of TLS that is spoken."),
            SettingsField(
                "alpn", \.alpn, .list(of: .choice(), count: 1...2),
                "The protocols that ALPN offers, the best first."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if Set(alpn).count != alpn.count { complaints.error(at: \Self.alpn, "names a protocol twice") }
        var names: Set<String> = []
        for (index, certificate) in certificates.enumerated() {
            for (place, name) in certificate.names.enumerated() where !names.insert(name.text).inserted {
                complaints.error(
                    at: "certificates[\(index)].names[\(place)]", "an earlier certificate has this name")
            }
        }
    }
}

/// One certificate and its key.
package struct CertificateSettings: SettingsGroup {
    package var certificate = ""
    package var key = ""
    package var names: [HostPattern] = []

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "certificate", \.certificate, .path, "A PEM file with the certificate and its chain, the leaf first.",
                required: true),
            SettingsField(
                "key", \.key, .path, "A PEM file with the private key, without a passphrase.", required: true),
            SettingsField(
                "names", \.names, .oneOrMany(of: .hostPattern, count: 0...1000),
                "For which names it is used; left out: for those in the certificate."),
        ]
    }
}

/// Certificates of clients (mutual TLS).
package struct ClientCertificateSettings: SettingsGroup {
    package enum Mode: String, Sendable, CaseIterable {
        /// Without a certificate there is no connection.
        case required
        /// Without one the connection goes on; a wrong one is refused all the same.
        case optional
    }

    package var authorities: [String] = []
    package var mode = Mode.required

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "authorities", \.authorities, .oneOrMany(of: .path, count: 1...100),
                "PEM files with the authorities that clients' certificates must come from.", required: true),
            SettingsField("mode", \.mode, .choice(), "Whether a client may go without a certificate."),
        ]
    }
}
