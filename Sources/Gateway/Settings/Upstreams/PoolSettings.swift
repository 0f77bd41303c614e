package import Settings

/// Connections to the servers of a group. The names of Go's `http.Transport` are read as well.
package struct PoolSettings: SettingsGroup {
    package var maxConnections: Int?
    package var maxConnectionsPerHost: Int?
    package var maxIdlePerHost = 256
    package var maxPending = 1024
    package var pendingTimeout = Duration.seconds(5)
    package var idleTimeout = Duration.seconds(50)
    package var tlsHandshakeTimeout = Duration.seconds(10)
    package var requestsPerConnection: Int?
    package var streamsPerConnection = 100

    package init() {}

    package static var fields: [SettingsField<Self>] { counts + waiting }

    private static var counts: [SettingsField<Self>] {
        [
            SettingsField(
                "maxConnections", \.maxConnections, .integer(in: 1...10_000_000),
                "Connections of the group, all workers together; left out: no limit."),
            SettingsField(
                "maxConnectionsPerHost", \.maxConnectionsPerHost, .integer(in: 1...10_000_000),
                "Connections with one server; left out: no limit. Go: maxConnsPerHost.", synonyms: ["maxConnsPerHost"]),
            SettingsField(
                "maxIdlePerHost", \.maxIdlePerHost, .integer(in: 0...1_000_000),
                "Idle connections that are kept with one server. Go: maxIdleConnsPerHost, whose default of 2 "
                    + "is too few.",
                synonyms: ["maxIdleConnsPerHost"]),
            SettingsField(
                "requestsPerConnection", \.requestsPerConnection, .integer(in: 1...1_000_000_000),
                "Requests after which a connection is replaced; left out: no limit."),
            SettingsField(
                "streamsPerConnection", \.streamsPerConnection, .integer(in: 1...10_000),
                "HTTP/2: requests at a time on one connection; the server's own limit counts as well."),
        ]
    }

    private static var waiting: [SettingsField<Self>] {
        [
            SettingsField(
                "maxPending", \.maxPending, .integer(in: 0...1_000_000),
                "Requests that may wait for a connection while the limits are reached; more get 503."),
            SettingsField(
                "pendingTimeout", \.pendingTimeout, .duration(in: .milliseconds(1) ... .seconds(600)),
                "How long a request may wait for a connection (503)."),
            SettingsField(
                "idleTimeout", \.idleTimeout, .duration(in: .milliseconds(100) ... .seconds(86_400)),
                "An idle connection is closed after this time; choose it below the servers' own. Go: idleConnTimeout.",
                synonyms: ["idleConnTimeout"]),
            SettingsField(
                "tlsHandshakeTimeout", \.tlsHandshakeTimeout, .duration(in: .milliseconds(10) ... .seconds(600)),
                "For the TLS handshake with a server, as in Go."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        guard let maxConnectionsPerHost else { return }
        if let maxConnections, maxConnectionsPerHost > maxConnections {
            complaints.warning(at: \Self.maxConnectionsPerHost, "is more than maxConnections")
        }
        if maxIdlePerHost > maxConnectionsPerHost, maxIdlePerHost != PoolSettings().maxIdlePerHost {
            complaints.warning(at: \Self.maxIdlePerHost, "is more than maxConnectionsPerHost")
        }
    }
}

/// How names of servers become addresses.
package struct DNSSettings: SettingsGroup {
    package var refresh = Duration.seconds(30)

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "refresh", \.refresh, .duration(in: .seconds(1) ... .seconds(86_400)),
                "How often names are looked up again. When that fails, the last addresses stay.")
        ]
    }
}
