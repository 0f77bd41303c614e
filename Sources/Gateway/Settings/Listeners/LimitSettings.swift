package import Base
package import Settings

/// What a client may ask of the gateway. A request above a limit is answered with the status in brackets.
package struct LimitSettings: SettingsGroup {
    package var headerBytes = ByteCount.kibibytes(32)
    package var headerFields = 100
    package var targetBytes = ByteCount.kibibytes(8)
    package var bodyBytes: ByteCount?
    package var requestsPerConnection: Int?
    package var headerTimeout = Duration.seconds(10)
    package var tlsHandshakeTimeout = Duration.seconds(10)
    package var bodyMinimumRate = ByteCount(500)
    package var idleTimeout = Duration.seconds(75)
    package var maxConnections: Int?
    package var connectionsPerClient: Int?

    package init() {}

    package static var fields: [SettingsField<Self>] { sizes + times + counts }

    private static var sizes: [SettingsField<Self>] {
        [
            SettingsField(
                "headerBytes", \.headerBytes, .byteCount(in: ByteCount(1024)...ByteCount.mebibytes(1)),
                "Request line and headers together (431)."),
            SettingsField("headerFields", \.headerFields, .integer(in: 8...10_000), "Header lines (431)."),
            SettingsField(
                "targetBytes", \.targetBytes, .byteCount(in: ByteCount(256)...ByteCount.kibibytes(512)),
                "Path and query (414)."),
            SettingsField(
                "bodyBytes", \.bodyBytes, .byteCount(),
                "A request's body (413); left out: no limit, since bodies are streamed and never held whole."),
            SettingsField(
                "bodyMinimumRate", \.bodyMinimumRate, .byteCount(in: ByteCount(0)...ByteCount.mebibytes(100)),
                "Bytes a second that a body must come at, averaged from its tenth second on (408); 0: as "
                    + "slowly as it likes."
            ),
        ]
    }

    private static var times: [SettingsField<Self>] {
        [
            SettingsField(
                "headerTimeout", \.headerTimeout, .duration(in: .milliseconds(100) ... .seconds(600)),
                "From a request's first byte to the end of its headers (408)."),
            SettingsField(
                "tlsHandshakeTimeout", \.tlsHandshakeTimeout, .duration(in: .milliseconds(100) ... .seconds(600)),
                "From a client's connection to the end of the TLS handshake."),
            SettingsField(
                "idleTimeout", \.idleTimeout, .duration(in: .seconds(1) ... .seconds(86_400)),
                "How long a connection may wait for its next request."),
        ]
    }

    private static var counts: [SettingsField<Self>] {
        [
            SettingsField(
                "requestsPerConnection", \.requestsPerConnection, .integer(in: 1...1_000_000_000),
                "Requests after which a connection is closed in good order; left out: no limit."),
            SettingsField(
                "maxConnections", \.maxConnections, .integer(in: 1...100_000_000),
                "Connections of all clients; left out: what the limit of open files allows."),
            SettingsField(
                "connectionsPerClient", \.connectionsPerClient, .integer(in: 1...10_000_000),
                "Connections of one client address; left out: no limit."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if targetBytes > headerBytes { complaints.error(at: \Self.targetBytes, "must not be more than headerBytes") }
        if let maxConnections, let connectionsPerClient, connectionsPerClient > maxConnections {
            complaints.warning(at: \Self.connectionsPerClient, "is more than maxConnections")
        }
    }
}
