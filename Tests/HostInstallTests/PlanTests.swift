import Base
import HostInstall
import Testing

private let configuration = InstallItem.configurationPath

/// A host on which every item stands as it should.
private func installedHost(_ options: InstallOptions = InstallOptions()) -> HostFacts {
    var facts = HostFacts(account: HostFacts.Account(user: 990, group: 991))
    for item in InstallItem.all(options, systemdVersion: facts.systemdVersion) {
        let attributes = HostFacts.Attributes(
            mode: item.mode, user: item.user == .service ? 990 : 0, group: item.group == .service ? 991 : 0)
        facts.found[item.path] = item.content == .folder ? .folder(attributes) : .file(attributes, .same)
    }
    return facts
}

private func plan(_ facts: HostFacts, _ options: InstallOptions = InstallOptions()) -> InstallPlan {
    InstallPlan(InstallItem.all(options, systemdVersion: facts.systemdVersion), facts: facts)
}

private func commands(_ plan: InstallPlan) -> [String] {
    plan.commands.map { $0.arguments.joined(separator: " ") }
}

@Suite struct PlanTests {
    private let unit = "/etc/systemd/system/apus.service"

    @Test func anEmptyHostGetsEverythingAndSystemdIsTold() {
        let plan = plan(HostFacts())
        #expect(plan.obstacles == [])
        #expect(plan.steps.allSatisfy { $0.action == .create })
        #expect(
            commands(plan) == [
                "systemd-sysusers /etc/sysusers.d/apus.conf", "systemd-tmpfiles --create /etc/tmpfiles.d/apus.conf",
                "systemctl daemon-reload",
            ])
        #expect(plan.commands.first?.moment == .beforeOwners)
        #expect(!plan.needsRestart)
    }

    @Test func anInstalledHostIsLeftAlone() {
        let plan = plan(installedHost())
        #expect(!plan.changes)
        #expect(plan.commands == [])
        #expect(plan.steps.allSatisfy { $0.action == ($0.item.path == configuration ? .keep : .unchanged) })
    }

    @Test func theConfigurationIsKeptWhateverItHolds() {
        for found: HostFacts.Found in [
            .file(HostFacts.Attributes(mode: 0o600), .differs(nil)), .file(HostFacts.Attributes(mode: 0o666), .same),
            .link("/srv/apus.yaml"),
        ] {
            var facts = installedHost()
            facts.found[configuration] = found
            // It need not even be writable.
            facts.hindrances[configuration] = "cannot write to /etc/apus: Read-only file system"
            let plan = plan(facts)
            #expect(plan.obstacles == [])
            #expect(!plan.changes)
        }
    }

    @Test func aNewUnitIsToldToSystemdAndNeedsARestart() {
        var facts = installedHost()
        facts.found[unit] = .file(HostFacts.Attributes(mode: 0o644), .differs([0x61]))
        let plan = plan(facts)
        #expect(plan.steps.filter { $0.action.isChange }.map(\.item.path) == [unit])
        #expect(commands(plan) == ["systemctl daemon-reload"])
        #expect(plan.needsRestart)
    }

    @Test(arguments: [
        HostFacts.Attributes(mode: 0o755, user: 0, group: 991), HostFacts.Attributes(mode: 0o750, user: 5, group: 991),
        HostFacts.Attributes(mode: 0o750, user: 0, group: 0),
    ])
    func aFolderUnderAWrongModeOrOwnerIsAdjusted(found: HostFacts.Attributes) {
        var facts = installedHost()
        facts.found["/etc/apus"] = .folder(found)
        let step = plan(facts).steps.first { $0.action.isChange }
        #expect(step?.item.path == "/etc/apus")
        #expect(step?.action == .adjust)
    }

    @Test(arguments: [
        (HostFacts.Found.link("/dev/null"), "symbolic link to /dev/null"),
        (.folder(HostFacts.Attributes(mode: 0o755)), "no regular file"), (.other, "no regular file"),
    ])
    func whatStandsInTheWayOfAFileIsAnObstacle(found: HostFacts.Found, complaint: String) {
        var facts = HostFacts()
        facts.found[unit] = found
        let plan = plan(facts)
        #expect(plan.obstacles.count == 1)
        #expect(plan.obstacles.first?.contains(complaint) == true)
        #expect(plan.obstacles.first?.contains(unit) == true)
    }

    @Test func hindrancesCountOnlyWhereSomethingChanges() {
        var facts = installedHost()
        facts.hindrances[unit] = "cannot write to /etc/systemd/system: Read-only file system"
        #expect(plan(facts).obstacles == [])
        facts.found[unit] = .nothing
        #expect(plan(facts).obstacles == ["cannot write to /etc/systemd/system: Read-only file system"])
    }

    @Test func onlyRootInstallsToTheHostItself() {
        let own = plan(HostFacts(isOwnRoot: true, isPrivileged: false))
        #expect(own.obstacles.first?.hasPrefix("only root can install to /") == true)
        #expect(plan(HostFacts(isOwnRoot: false, isPrivileged: false)).obstacles == [])
    }

    @Test(arguments: [(nil, false), (252, false), (253, true), (257, true)])
    func notifyReloadIsForSystemdThatKnowsIt(version: Int?, expected: Bool) {
        let paths = InstallItem.all(InstallOptions(), systemdVersion: version).map(\.path)
        #expect(paths.contains("\(unit).d/notify-reload.conf") == expected)
    }

    @Test func logsHaveAUnitOfTheirOwnWhereItIsAskedFor() {
        let options = InstallOptions(withLogs: true)
        let asked = plan(HostFacts(), options)
        let paths = ["/etc/systemd/system/logsyncd.service", InstallItem.rulesPath]
        #expect(asked.steps.filter { paths.contains($0.item.path) }.map(\.item.mode) == [0o644, 0o755])
        #expect(!plan(HostFacts()).steps.contains { paths.contains($0.item.path) })
        #expect(!plan(installedHost(options), options).changes)
    }

    @Test func anotherRootIsNeverToldToTheRunningSystemd() {
        let plan = plan(HostFacts(isOwnRoot: false))
        #expect(plan.commands == [])
        #expect(plan.notes.contains { $0.contains("at boot") })
    }

    @Test(arguments: [
        ("systemd 252 (252.39-1~deb12u2)\n+PAM +AUDIT", 252), ("systemd 257~rc1 (257~rc1-1)", 257),
        ("systemd 260", 260), ("", nil), ("bash: systemctl: not found", nil), ("systemd", nil), ("systemd v1", nil),
    ])
    func readsTheVersionOfSystemd(text: String, version: Int?) {
        #expect(SystemdVersion.parse(text) == version)
    }

    @Test(arguments: [
        ("a\nb\nc\n", "a\nb\nc\n", []),
        ("a\nb\nc\n", "a\nB\nc\n", ["@@ -2 +2 @@", "-b", "+B"]),
        ("a\n", "a\nb\n", ["@@ -2 +2 @@", "+b"]),
        ("a\nb\nc\nd\n", "b\nc\n", ["@@ -1 +1 @@", "-a", "@@ -4 +3 @@", "-d"]),
        ("", "x\n", ["@@ -1 +1 @@", "+x"]),
    ])
    func showsTheLinesThatDiffer(old: String, new: String, expected: [String]) {
        #expect(LineDifference.lines(from: Array(old.utf8), to: Array(new.utf8)) == expected)
    }
}
