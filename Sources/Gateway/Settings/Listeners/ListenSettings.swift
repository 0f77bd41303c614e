package import Base
package import Settings

/// One address that the gateway listens on: `127.0.0.1:8080`, or a mapping with its TLS and HTTP/2.
package struct ListenSettings: SettingsGroup {
    package var address = NetworkAddress.tcp(host: "127.0.0.1", port: 8080)
    package var tls: ListenerTLSSettings?
    package var http2 = HTTP2Settings()
    package var reusePort = false

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "address", \.address, .socketAddress, "Where clients connect: host:port, :port or unix:/path.",
                required: true),
            SettingsField("tls", \.tls, .group(), "Certificates and the rest of TLS; left out: plain text."),
            SettingsField(
                "http2", \.http2, .group(shorthand: "enabled"),
                "HTTP/2, chosen by ALPN with TLS and by prior knowledge without."),
            SettingsField(
                "reusePort", \.reusePort, .bool,
                "Whether several processes may share the address (SO_REUSEPORT); the kernel deals connections out among them."
            ),
        ]
    }
}

/// HTTP/2 towards clients (RFC 9113) and what bounds it.
package struct HTTP2Settings: SettingsGroup {
    package var enabled = true
    package var maxConcurrentStreams = 128
    package var streamWindow = ByteCount.kibibytes(256)
    package var connectionWindow = ByteCount.mebibytes(1)
    package var maxResets = 200

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("enabled", \.enabled, .bool, "Whether HTTP/2 is spoken at all."),
            SettingsField(
                "maxConcurrentStreams", \.maxConcurrentStreams, .integer(in: 1...10_000),
                "Requests at a time on one connection; more are refused with REFUSED_STREAM."),
            SettingsField(
                "streamWindow", \.streamWindow, .byteCount(in: ByteCount(65_535)...ByteCount.mebibytes(16)),
                "Bytes of one request's body that are taken before the upstream has taken them."),
            SettingsField(
                "connectionWindow", \.connectionWindow, .byteCount(in: ByteCount(65_535)...ByteCount.mebibytes(64)),
                "The same for all requests of one connection together."),
            SettingsField(
                "maxResets", \.maxResets, .integer(in: 10...100_000),
                "Streams that a client may reset within 30 s; one more ends the connection (CVE-2023-44487)."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if connectionWindow < streamWindow {
            complaints.error(at: \Self.connectionWindow, "must not be less than streamWindow")
        }
    }
}
