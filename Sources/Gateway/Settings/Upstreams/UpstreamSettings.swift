package import Settings

/// A group of servers that do the same.
package struct UpstreamSettings: SettingsGroup {
    package enum ProtocolChoice: String, Sendable, CaseIterable {
        case http1
        /// With TLS by ALPN, without by prior knowledge; a server that does not speak it fails.
        case http2 = "h2"
        /// By ALPN, HTTP/1.1 where the server does not choose.
        case auto
    }

    package var hosts: [UpstreamHostSettings] = []
    package var protocolChoice = ProtocolChoice.http1
    package var tls: UpstreamTLSSettings?
    package var balance = BalanceSettings.roundRobin
    package var panicThreshold = 50.0
    package var healthCheck: HealthCheckSettings?
    package var outlierDetection: OutlierDetectionSettings?
    package var slowStart: SlowStartSettings?
    package var circuitBreaker: BreakerSettings?
    package var hostCircuitBreaker: BreakerSettings?
    package var pool = PoolSettings()
    package var dns = DNSSettings()

    package init() {}

    package static var fields: [SettingsField<Self>] { servers + choice + health }

    private static var servers: [SettingsField<Self>] {
        [
            SettingsField(
                "hosts", \.hosts, .oneOrMany(of: .group(shorthand: "address"), count: 1...10_000),
                "The servers, as host:port or unix:/path; a name stands for all its addresses.", required: true),
            SettingsField("protocol", \.protocolChoice, .choice(), "What is spoken with the servers."),
            SettingsField("tls", \.tls, .group(), "TLS with the servers; left out: plain text."),
            SettingsField("pool", \.pool, .group(), "How many connections there are, and how long they are kept."),
            SettingsField("dns", \.dns, .group(), "How names of hosts are looked up."),
        ]
    }

    private static var choice: [SettingsField<Self>] {
        [
            SettingsField("balance", \.balance, .balance, "Which server gets a request."),
            SettingsField(
                "panicThreshold", \.panicThreshold, .number(in: 0...100),
                "Below this percentage of usable servers all are used, as if none had failed; 0 never does."),
            SettingsField(
                "slowStart", \.slowStart, .group(),
                "Gives a server that has come back little at first; left out: not."),
        ]
    }

    private static var health: [SettingsField<Self>] {
        [
            SettingsField("healthCheck", \.healthCheck, .group(), "Asks servers how they are; left out: not."),
            SettingsField(
                "outlierDetection", \.outlierDetection, .group(),
                "Leaves out servers whose answers are bad, as Envoy does; left out: not."),
            SettingsField(
                "circuitBreaker", \.circuitBreaker, .group(shorthand: "name"),
                "A breaker for the group, shared by its routes; settings, or an instance of "
                    + "resilience4j.circuitbreaker."
            ),
            SettingsField(
                "hostCircuitBreaker", \.hostCircuitBreaker, .group(shorthand: "name"),
                "A breaker for each server: an open one is passed over for another."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        var known: Set<NetworkAddress> = []
        for (index, host) in hosts.enumerated() where !known.insert(host.address).inserted {
            complaints.error(at: "hosts[\(index)]", "an earlier host has this address; weight gives it more")
        }
        if protocolChoice == .auto, tls == nil {
            complaints.error(at: \Self.protocolChoice, "auto chooses by ALPN, and that needs tls")
        }
        if hosts.count == 1, outlierDetection != nil {
            complaints.warning(at: \Self.outlierDetection, "never leaves out the only host")
        }
        if slowStart != nil, healthCheck == nil, outlierDetection == nil {
            complaints.warning(at: \Self.slowStart, "means nothing without healthCheck or outlierDetection")
        }
    }
}

/// One server.
package struct UpstreamHostSettings: SettingsGroup {
    package var address = NetworkAddress.tcp(host: "127.0.0.1", port: 80)
    package var weight = 1

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "address", \.address, .upstreamAddress, "host:port, [IPv6]:port or unix:/path.", required: true),
            SettingsField(
                "weight", \.weight, .integer(in: 1...1000), "How much it gets, in proportion to the others."),
        ]
    }
}

extension ValueFormat where Value == NetworkAddress {
    /// An address that one can connect to: with a host, and a port other than 0.
    package static var upstreamAddress: ValueFormat {
        parsed(
            name: "a server", allowed: "host:port, [IPv6]:port or unix:/path, without http://",
            pattern: #"^(unix:[/@].+|.+:[0-9]{1,5})$"#,
            parse: { text in
                guard let address = NetworkAddress(text) else { return nil }
                if case .tcp(let host, let port) = address, host.isEmpty || port == 0 { return nil }
                return address
            },
            render: { $0.description })
    }
}
