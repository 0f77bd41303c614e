import Base
package import Settings

/// What the `sync` component is configured by:
///
///     sync:
///       site: /etc/apus/site.yaml
///       interval: 15m
///       hosts: "web*"
package struct SyncSettings: SettingsGroup {
    package enum Action: String, Sendable, CaseIterable {
        case report, apply
    }

    package var site = ""
    package var interval = Duration.seconds(900)
    package var hosts: String?
    package var forks = 10
    package var isLocal = false
    package var identityFile: String?
    package var action = Action.report

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("site", \.site, .path, "The site file; it is read anew for each check.", required: true),
            SettingsField(
                "interval", \.interval, .duration(in: .seconds(10) ... .seconds(7 * 86_400)), "Time between two checks."
            ),
            SettingsField("hosts", \.hosts, .nonEmptyString, "Only hosts of this pattern; left out: all."),
            SettingsField("forks", \.forks, .integer(in: 1...1000), "How many hosts are asked at a time."),
            SettingsField(
                "local", \.isLocal, .bool, "This host itself, without ssh, whatever hosts the site declares."),
            SettingsField("identityFile", \.identityFile, .path, "A file with age identities for encrypted values."),
            SettingsField(
                "action", \.action, .choice(), "report: only tell what differs; apply: bring the hosts back to it."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if let hosts, (try? HostPattern(parsing: hosts)) == nil {
            complaints.error(at: \Self.hosts, "this is no pattern of hosts, such as web*:!web3")
        }
    }
}
