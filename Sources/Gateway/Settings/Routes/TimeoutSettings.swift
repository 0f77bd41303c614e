package import Settings

/// How long the phases of a request may take. A request whose answer had not begun is answered with 504.
package struct TimeoutSettings: SettingsGroup {
    package var connect = Duration.seconds(5)
    package var firstByte = Duration.seconds(60)
    package var perTry: Duration?
    package var total: Duration?
    package var idle = Duration.seconds(60)
    package var tunnelIdle = Duration.seconds(3600)

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "connect", \.connect, .duration(in: .milliseconds(1) ... .seconds(600)),
                "For a connection to a server; TLS has pool.tlsHandshakeTimeout beside it."),
            SettingsField(
                "firstByte", \.firstByte, .duration(in: .milliseconds(1) ... .seconds(86_400)),
                "From the end of the request to the first byte of the answer, for one try."),
            SettingsField(
                "perTry", \.perTry, .duration(in: .milliseconds(1) ... .seconds(86_400)),
                "For one try from its beginning to the first byte of its answer; left out: no limit beside the "
                    + "others."),
            SettingsField(
                "total", \.total, .duration(in: .milliseconds(1) ... .seconds(86_400)),
                "From the request's headers to the end of the answer, all tries together; left out: no limit, "
                    + "as long as "
                    + "something moves."),
            SettingsField(
                "idle", \.idle, .duration(in: .milliseconds(10) ... .seconds(86_400)),
                "Between two bytes of a body in either direction."),
            SettingsField(
                "tunnelIdle", \.tunnelIdle, .duration(in: .seconds(1) ... .seconds(7 * 86_400)),
                "Between two bytes of an upgraded connection (WebSocket) in either direction."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        guard let total else { return }
        if connect > total, connect != TimeoutSettings().connect {
            complaints.warning(at: \Self.connect, "is longer than total, which ends it first")
        }
        if firstByte > total, firstByte != TimeoutSettings().firstByte {
            complaints.warning(at: \Self.firstByte, "is longer than total, which ends it first")
        }
    }
}
