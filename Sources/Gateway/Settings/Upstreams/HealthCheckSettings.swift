package import Settings

/// Active health checks.
package struct HealthCheckSettings: SettingsGroup {
    package var path = "/"
    package var host: String?
    package var interval = Duration.seconds(5)
    package var unhealthyInterval: Duration?
    package var timeout = Duration.seconds(2)
    package var healthyThreshold = 2
    package var unhealthyThreshold = 3
    package var expect: [StatusRange] = ["2xx", "3xx"].compactMap { StatusRange($0) }
    package var jitterPercent = 10.0
    package var port: UInt16?

    package init() {}

    package static var fields: [SettingsField<Self>] { request + verdict }

    private static var request: [SettingsField<Self>] {
        [
            SettingsField("path", \.path, .requestTarget, "What is asked for by GET, a query included."),
            SettingsField("host", \.host, .nonEmptyString, "Host of the request; left out: the server's address."),
            SettingsField(
                "port", \.port, .integer(in: 1...65_535), "The port for checks; left out: the server's own."),
            SettingsField(
                "interval", \.interval, .duration(in: .milliseconds(100) ... .seconds(3600)),
                "Time between two checks of a server."),
            SettingsField(
                "unhealthyInterval", \.unhealthyInterval, .duration(in: .milliseconds(100) ... .seconds(3600)),
                "The same while it is unhealthy or changing; left out: interval."),
            SettingsField(
                "jitterPercent", \.jitterPercent, .number(in: 0...100),
                "Checks come later by a random share of their interval, so that they do not come together."),
            SettingsField(
                "timeout", \.timeout, .duration(in: .milliseconds(10) ... .seconds(600)), "Bounds one check."),
        ]
    }

    private static var verdict: [SettingsField<Self>] {
        [
            SettingsField(
                "healthyThreshold", \.healthyThreshold, .integer(in: 1...100),
                "Good checks in a row after which a server is used again; the very first check decides alone."),
            SettingsField(
                "unhealthyThreshold", \.unhealthyThreshold, .integer(in: 1...100),
                "Bad checks in a row after which it is used no more."),
            SettingsField(
                "expect", \.expect, .oneOrMany(of: .statusRange, count: 1...32), "The status codes of a good check."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if timeout > interval { complaints.error(at: \Self.timeout, "must not be longer than interval") }
        if let unhealthyInterval, unhealthyInterval < timeout {
            complaints.error(at: \Self.unhealthyInterval, "must not be shorter than timeout")
        }
    }
}

extension ValueFormat where Value == String {
    /// A path with a query, as a request line has it.
    fileprivate static var requestTarget: ValueFormat {
        parsed(
            name: "a path", allowed: "beginning with /, such as /healthz?full=1", pattern: #"^/[!-~]*$"#,
            parse: { text in
                text.hasPrefix("/") && text.utf8.count <= 2048
                    && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") } ? text : nil
            },
            render: { $0 })
    }
}
