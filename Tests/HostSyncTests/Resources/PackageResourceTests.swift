import TestKit
import Testing

@testable import HostSync

/// What is declared and what a package manager said, and what is done about it.
@Suite struct PackageResourceTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let yaml: String
        var host = "manager|apt\nage|100"
        var candidates = ""
        let differences: [String]
        var lines: [String] = []
        var absent: [String] = []
        var testDescription: String { yaml }
    }

    static let apt = "manager|apt\nage|7200\ninstalled|nginx|amd64|1.22-1|install ok installed"

    @Test(arguments: [
        Case(yaml: "name: nginx", host: apt, differences: []),
        Case(
            yaml: "name: nginx", differences: ["nginx: - → installed"], lines: ["apus_apt install -- nginx"],
            absent: ["Mode=any update"]),
        Case(
            yaml: "name: nginx", host: "manager|apt\nage|none\ncandidate|nginx|1.24",
            differences: ["nginx: - → 1.24"], lines: ["Mode=any update", "apus_apt install -- nginx"]),
        Case(yaml: "{name: nginx, version: 1.22*}", host: apt, differences: []),
        Case(yaml: "{name: nginx, version: 1.22-1}", host: apt, differences: []),
        Case(
            yaml: "{name: nginx, version: 1.22}", host: apt, differences: ["nginx: 1.22-1 → 1.22"],
            lines: ["--allow-downgrades install -- 'nginx=1.22'"]),
        Case(
            yaml: "{name: [nginx, curl], noRecommends: true}", host: apt, differences: ["curl: - → installed"],
            lines: ["APT::Install-Recommends=false install -- curl"]),
        Case(
            yaml: "{name: nginx, state: absent}", host: apt, differences: ["nginx: 1.22-1 → -"],
            lines: ["apus_apt --allow-change-held-packages remove -- nginx"]),
        Case(yaml: "{name: curl, state: absent}", host: apt, differences: []),
        Case(
            yaml: "{name: a, state: absent}", host: "manager|apt\ninstalled|a|all|1|deinstall ok config-files",
            differences: []),
        Case(
            yaml: "{name: a, state: absent, purge: true}",
            host: "manager|apt\ninstalled|a|all|1|deinstall ok config-files",
            differences: ["a: config-files → -"], lines: ["apus_apt --allow-change-held-packages purge -- a"]),
        Case(
            yaml: "name: a", host: "manager|apt\ninstalled|a|all|1|install ok half-configured",
            differences: ["a: half-configured → installed"], lines: ["install -- a"]),
        Case(yaml: "name: mta", host: "manager|apt\nprovides|exim4|mail-agent, mta (= 1)", differences: []),
        Case(
            yaml: "name: libc6:i386", host: "manager|apt\ninstalled|libc6|amd64|2|install ok installed",
            differences: ["libc6:i386: - → installed"]),
        Case(
            yaml: "name: libc6:i386", host: "manager|apt\ninstalled|libc6|i386|2|install ok installed", differences: []),
        Case(
            yaml: "{name: nginx, hold: true}", host: apt, differences: ["nginx hold: free → held"],
            lines: ["apt-mark -q hold -- nginx"], absent: ["install"]),
        Case(
            yaml: "{name: nginx, version: 2, hold: true}",
            host: "manager|apt\ninstalled|nginx|amd64|1|hold ok installed", differences: ["nginx: 1 → 2"],
            lines: ["apt-mark -q unhold -- nginx", "install -- 'nginx=2'", "apt-mark -q hold -- nginx"]),
        Case(
            yaml: "{name: nginx, state: latest}", host: apt, candidates: "candidate|nginx|1.24",
            differences: ["nginx: 1.22-1 → 1.24"], lines: ["install -- nginx"], absent: ["Mode=any update"]),
        Case(yaml: "{name: nginx, state: latest}", host: apt, candidates: "candidate|nginx|1.22-1", differences: []),
        Case(
            yaml: "{name: nginx, state: latest, updateCache: 1h}", host: apt, candidates: "candidate|nginx|1.22-1",
            differences: ["package lists: 120m old → refreshed"], lines: ["Mode=any update", "install -- nginx"]),
        Case(yaml: "{name: nginx, updateCache: true}", host: apt, differences: []),
        Case(
            yaml: "{name: curl, updateCache: 3h}", host: apt, differences: ["curl: - → installed"],
            absent: ["Mode=any update"]),
        Case(
            yaml: "{name: curl, updateCache: 1h}", host: apt, differences: ["curl: - → installed"],
            lines: ["Mode=any update"]),
        Case(
            yaml: "{name: nginx, version: 1.20.1}",
            host: "manager|dnf\ninstalled|nginx|x86_64|1.20.1-14.el9|1\nlock|nginx-1:1.20.1-14.el9.*", differences: []),
        Case(
            yaml: "{name: nginx, version: 1.20*, hold: true}",
            host: "manager|dnf\ninstalled|nginx|x86_64|1.20.1-14.el9|1\nlock|nginx-1:1.20.1-14.el9.*", differences: []),
        Case(
            yaml: "{name: nginx, version: 1.18*}", host: "manager|dnf\ninstalled|nginx|x86_64|1.20.1-14.el9|(none)",
            differences: ["nginx: 1.20.1-14.el9 → 1.18*"],
            lines: ["dnf -q -y install -- 'nginx-1.18*'", "nginx-1.18*)", "dnf -q -y downgrade -- 'nginx-1.18*'"]),
        Case(
            yaml: "{name: a, version: 1.2*}", host: "manager|apk\ninstalled|a||1.1-r0|",
            differences: ["a: 1.1-r0 → 1.2*"],
            lines: ["apk -q add -- 'a=~1.2'"]),
        Case(yaml: "name: sh", host: "manager|pacman\nprovides|?|sh", differences: []),
        Case(
            yaml: "name: x", host: "rubbish\nmanager|apt\ninstalled|x\ninstalled|\nage|99999999999999999999",
            differences: ["x: - → installed"]),
    ]) func comparison(_ row: Case) throws {
        let resource = try declared(PackageResource.self, row.yaml)
        var host = hostState([
            (PackageManager.installed(nil), row.host), (PackageManager.candidates(nil), row.candidates),
        ])
        let comparison = try resource.compare(&host)
        #expect(told(comparison) == row.differences)
        #expect(comparison.steps.isEmpty == row.differences.isEmpty)
        let text = comparison.steps.lines.joined(separator: "\n")
        for line in row.lines { #expect(text.contains(line)) }
        for line in row.absent { #expect(!text.contains(line)) }
        #expect(host.willHave("package") == !row.differences.isEmpty)
    }

    @Test(arguments: [
        ("name: a", "", "no package manager"),
        ("{name: a, version: 2}", "manager|apt\ninstalled|a|all|1|hold ok installed", "is held at 1"),
        ("{name: a, version: 2}", "manager|pacman", "leave version out"),
        ("{name: a, hold: true}", "manager|apk\ninstalled|a||1|", "cannot hold"),
    ]) func fault(_ yaml: String, _ host: String, _ message: String) throws {
        let resource = try declared(PackageResource.self, yaml)
        var state = hostState([(PackageManager.installed(nil), host)])
        #expect { try resource.compare(&state) } throws: { "\($0)".contains(message) }
    }

    @Test(arguments: [
        ("{name: [a, b], version: 1}", "one package"), ("{name: a, state: absent, hold: true}", "state: absent"),
        ("{name: -o}", "package's name"), ("{name: 'a b'}", "package's name"), ("{name: a, version: '*x'}", "version"),
        ("{name: a, updateCache: soon}", "duration"), ("{name: a, purge: true}", "absent only"),
        ("{name: []}", "found 0 items"),
    ]) func refused(_ yaml: String, _ message: String) {
        #expect(complaints(PackageResource.self, yaml).contains(message))
    }

    @Test func latestWaitsForRepositories() throws {
        let resource = try declared(PackageResource.self, "{name: a, state: latest}")
        var host = hostState([(PackageManager.installed(nil), Self.apt)])
        host.willProvide("repository")
        #expect(try resource.compare(&host).deferred != nil)
    }

    /// The real dpkg of this machine says what it has; nothing is changed.
    @Test(arguments: ShellHost.shells) func realDpkg(_ shell: [String]) async throws {
        let folder = try TemporaryFolder()
        let host = ShellHost(shell: shell, folder: folder.path)
        guard try await host.run("command -v dpkg-query apt-get").code == 0 else { return }
        let resources = try ["name: [dpkg, apus-no-such]", "name: awk", "{name: bash, state: latest}"].map {
            try declared(PackageResource.self, $0)
        }
        let answer = try await host.answer(resources)
        var state = HostState(answer)
        let told = try resources.map { try HostSyncTests.told($0.compare(&state)) }
        #expect(told[0].filter { !$0.contains("lists") } == ["apus-no-such: - → installed"])
        #expect(told[1] == [], "awk is provided by mawk or another")
        let table = PackageTable(state.lines(PackageManager.candidates(nil)))
        #expect(table.candidate("bash") != nil || state.lines(PackageManager.candidates(nil)).isEmpty)
    }
}
