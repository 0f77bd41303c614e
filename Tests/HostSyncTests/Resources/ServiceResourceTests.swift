import Settings
import TestKit
import Testing

@testable import HostSync

@Suite struct ServiceResourceTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let yaml: String
        let host: String
        let differences: [String]
        var lines: [String] = []
        var testDescription: String { yaml }
    }

    /// Blocks as systemctl(1) writes them.
    static func systemd(_ blocks: String...) -> String { "manager=systemd\n" + blocks.joined(separator: "\n\n") + "\n" }

    static func unit(
        _ id: String, names: String? = nil, load: String = "loaded", active: String = "active", sub: String = "running",
        file: String = "enabled", reload: String = "no", type: String = "simple"
    ) -> String {
        "Type=\(type)\nRemainAfterExit=no\nId=\(id)\nNames=\(names ?? id)\nLoadState=\(load)\nActiveState=\(active)\n"
            + "SubState=\(sub)\nUnitFileState=\(file)\nNeedDaemonReload=\(reload)"
    }

    static let stopped = systemd(
        unit("other.service"), unit("a.service", active: "inactive", sub: "dead", file: "disabled"))
    static let running = systemd(unit("a.service"), unit("b.service", active: "failed", sub: "failed"))
    static let masked = systemd(unit("a.service", load: "masked", active: "inactive", file: "masked"))

    @Test(arguments: [
        Case(yaml: "{name: a, running: true, enabled: true}", host: running, differences: []),
        Case(
            yaml: "{name: a, running: true, enabled: true}", host: stopped,
            differences: ["enabled: disabled → enabled", "running: inactive → started"],
            lines: ["systemctl -q enable -- a.service", "systemctl --no-ask-password start -- a.service"]),
        Case(
            yaml: "{name: a.service, state: stopped, enabled: false}", host: running,
            differences: ["enabled: enabled → disabled", "running: active → stopped"], lines: [" stop -- a.service"]),
        Case(
            yaml: "{name: b, running: true}", host: running, differences: ["running: failed → started"],
            lines: [" start -- b"]),
        Case(
            yaml: "{name: a, running: true}",
            host: systemd(unit("a.service", active: "activating", sub: "auto-restart")),
            differences: ["running: restarting by itself → started"], lines: [" restart -- a.service"]),
        Case(
            yaml: "{name: a, state: restarted}", host: running, differences: ["state: active → restarted"],
            lines: ["daemon-reload", " restart -- a.service"]),
        Case(
            yaml: "{name: a, state: reloaded}", host: running, differences: ["state: active → reloaded"],
            lines: ["reload-or-restart -- a.service"]),
        Case(yaml: "{name: a, enabled: true}", host: systemd(unit("a.service", file: "static")), differences: []),
        Case(yaml: "{name: a, enabled: false}", host: systemd(unit("a.service", file: "static")), differences: []),
        Case(
            yaml: "{name: sshd, running: true}", host: systemd(unit("ssh.service", names: "sshd.service ssh.service")),
            differences: []),
        Case(
            yaml: "{name: a, masked: true}", host: running, differences: ["masked: false → true"],
            lines: ["systemctl -q mask -- a.service"]),
        Case(
            yaml: "{name: a, masked: false, enabled: true, running: true}", host: masked,
            differences: ["masked: true → false", "enabled: masked → enabled", "running: inactive → started"],
            lines: ["systemctl -q unmask -- a.service"]),
        Case(yaml: "{name: gone, running: false, enabled: false}", host: stopped, differences: []),
        Case(
            yaml: "{name: a, running: true, enabled: true}", host: "manager=openrc\nservice|a|stopped|disabled",
            differences: ["enabled: disabled → enabled", "running: stopped → started"],
            lines: ["rc-update -q add a default", "rc-service a start"]),
        Case(
            yaml: "{name: a.service, running: false}", host: "manager=sysv\nservice|a|started|enabled",
            differences: ["running: started → stopped"], lines: ["apus_service a stop"]),
    ]) func comparison(_ row: Case) throws {
        let resource = try declared(ServiceResource.self, row.yaml)
        var host = hostState([(ServiceStatus.query, row.host)])
        let comparison = try resource.compare(&host)
        #expect(told(comparison) == row.differences)
        #expect(comparison.steps.isEmpty == row.differences.isEmpty)
        let text = comparison.steps.lines.joined(separator: "\n")
        for line in row.lines { #expect(text.contains(line)) }
        #expect(comparison.isAction == (resource.state?.isAction ?? false))
    }

    @Test(arguments: [
        ("{name: gone, running: true}", stopped, "is its package installed"),
        ("{name: a, running: true}", masked, "masked: false"),
        ("{name: a, state: restarted}", masked, "masked: false"),
        ("{name: a, running: true}", "", "nothing that manages services"),
        ("{name: a, running: true}", systemd(unit("a.service", active: "inactive", type: "oneshot")), "runs once"),
        ("{name: a, masked: true}", "manager=openrc\nservice|a|started|enabled", "only systemd"),
        ("{name: a, running: true}", "manager=systemd\nId\n\n=\n\nLoadState=loaded", "is its package installed"),
    ]) func fault(_ yaml: String, _ host: String, _ message: String) throws {
        let resource = try declared(ServiceResource.self, yaml)
        var state = hostState([(ServiceStatus.query, host)])
        #expect { try resource.compare(&state) } throws: { "\($0)".contains(message) }
    }

    @Test func waitsForItsPackage() throws {
        let resource = try declared(ServiceResource.self, "{name: gone, running: true}")
        var host = hostState([(ServiceStatus.query, Self.stopped)])
        host.willProvide("package")
        #expect(try resource.compare(&host).deferred != nil)
    }

    @Test(arguments: [
        ("{name: a}", "give running"), ("{name: a, state: started, running: true}", "does not go with running"),
        ("{name: a, masked: true, running: true}", "that runs"), ("{name: ../a, running: true}", "service's name"),
    ]) func refused(_ yaml: String, _ message: String) {
        #expect(complaints(ServiceResource.self, yaml).contains(message))
    }

    /// A unit file, and what is done with its unit, by a systemctl that keeps its state in files.
    @Test(arguments: [
        Case(
            yaml: "{name: a.timer, content: x, enabled: true, running: true}",
            host: systemd(unit("a.timer", load: "not-found", active: "inactive", file: "")),
            differences: ["content: - → DIGEST", "enabled: no → enabled", "running: inactive → started"],
            lines: ["systemctl daemon-reload", "enable -- a.timer", "start -- a.timer"]),
        Case(
            yaml: "{name: a.service, dropIn: limits, content: x}", host: running, differences: ["content: - → DIGEST"],
            lines: ["apus_folder /etc/systemd/system/a.service.d", "limits.conf"]),
        Case(
            yaml: "{name: a.service, state: absent}", host: running, differences: []),
    ]) func unitFile(_ row: Case) throws {
        let resource = try declared(SystemdUnitResource.self, row.yaml)
        var host = hostState([(ServiceStatus.query, row.host)])
        let comparison = try resource.compare(&host)
        let digest = ContentDigest.of(Array("x".utf8))
        #expect(told(comparison) == row.differences.map { $0.replacing("DIGEST", with: digest) })
        let text = comparison.steps.lines.joined(separator: "\n")
        for line in row.lines { #expect(text.contains(line)) }
    }

    @Test func unitFileThatIsThere() throws {
        let path = "/etc/systemd/system/a.service"
        let same = try declared(SystemdUnitResource.self, "{name: a.service, content: x, running: true}")
        var host = hostState([(ServiceStatus.query, Self.running)], contents: [path: "x"])
        #expect(told(try same.compare(&host)) == [])

        var stale = hostState(
            [(ServiceStatus.query, Self.systemd(Self.unit("a.service", reload: "yes")))], contents: [path: "x"])
        let reload = try same.compare(&stale)
        #expect(told(reload) == ["systemd: knows an older file → reloaded"])
        #expect(reload.steps.lines == ["systemctl daemon-reload"])

        let absent = try declared(SystemdUnitResource.self, "{name: a.service, state: absent}")
        var there = hostState([(ServiceStatus.query, Self.running)], contents: [path: "x"])
        let removal = try absent.compare(&there).steps.lines
        #expect(removal.first == "systemctl --no-ask-password stop -- a.service")
        #expect(removal.last == "systemctl daemon-reload")
        #expect(removal.contains("rm -f ./a.service"))
    }

    @Test(arguments: [
        ("{name: a, content: x}", "its kind"), ("{name: a.service}", "give one of"),
        ("{name: a.service, state: absent, content: x}", "nothing but"),
    ]) func unitFileRefused(_ yaml: String, _ message: String) {
        #expect(complaints(SystemdUnitResource.self, yaml).contains(message))
    }
}
