import Settings
import TestKit
import Testing

@testable import HostSync

/// Packages, repositories, services and rules on a real Debian that nobody misses. Where the machine cannot have one, there
/// is nothing to see here.
@Suite(.serialized, .timeLimit(.minutes(10))) struct DebianHostTests {
    @Test func packages() async throws {
        let host = try await ThrowAwayHost.start()
        let shell = host.shell
        func package(_ yaml: String) throws -> PackageResource { try declared(PackageResource.self, yaml) }
        #expect(
            told(try await shell.converge(package("{name: apus-hello, version: 1*, updateCache: true}"))) == [
                "apus-hello: - → 1*"
            ])
        #expect(try await shell.run("apus-hello").output == "1.0\n")
        #expect(told(try await shell.converge(package("name: [apus-hello]"))) == [])
        #expect(
            told(try await shell.converge(package("{name: apus-hello, state: latest}"))) == ["apus-hello: 1.0 → 2.0"])
        #expect(
            told(try await shell.converge(package("{name: apus-hello, version: 1.0, hold: true}"))) == [
                "apus-hello: 2.0 → 1.0", "apus-hello hold: free → held",
            ])
        await #expect(throws: ResourceFault.self) {
            try await shell.converge(package("{name: apus-hello, state: latest}"))
        }
        #expect(
            told(try await shell.converge(package("{name: apus-hello, version: 2.0, hold: true}"))) == [
                "apus-hello: 1.0 → 2.0"
            ])
        #expect(
            told(try await shell.converge(package("{name: apus-hello, hold: false}"))) == [
                "apus-hello hold: held → free"
            ])
        #expect(told(try await shell.converge(package("{name: apus-hello, state: absent}"))) == ["apus-hello: 2.0 → -"])
        // The plan of an installation knows the version.
        #expect(
            told(try await shell.converge(package("name: [apus-dependent, apus-virtual]"))) == [
                "apus-dependent: - → 1.0", "apus-virtual: - → 1.0",
            ])
        #expect(told(try await shell.converge(package("name: apus-provided"))) == [], "apus-virtual provides it")
    }

    @Test func configurationFilesAndPurge() async throws {
        let host = try await ThrowAwayHost.start()
        let shell = host.shell
        func package(_ yaml: String) throws -> PackageResource { try declared(PackageResource.self, yaml) }
        try await shell.converge(package("{name: apus-config, version: 1.0, updateCache: true}"))
        _ = try await shell.run("echo mine >/etc/apus-config.conf")
        try await shell.converge(package("{name: apus-config, version: 2.0}"))
        #expect(try await shell.run("cat /etc/apus-config.conf").output == "mine\n")
        try await shell.converge(package("{name: apus-config, state: absent}"))
        #expect(
            told(try await shell.converge(package("{name: apus-config, state: absent, purge: true}"))) == [
                "apus-config: config-files → -"
            ])
        #expect(try await shell.run("cat /etc/apus-config.conf").code != 0)
    }

    @Test func brokenPackageSaysWhy() async throws {
        let host = try await ThrowAwayHost.start()
        let resource = try declared(PackageResource.self, "{name: apus-broken, updateCache: true}")
        for _ in 1...2 {
            var state = HostState(try await host.shell.answer([resource]))
            let comparison = try resource.compare(&state)
            #expect(comparison.differences.count == 1)
            let message = try await host.shell.apply(comparison.steps)
            #expect(message?.contains("this package is broken") == true)
        }
        try await host.shell.converge(declared(PackageResource.self, "{name: apus-broken, state: absent}"))
    }

    @Test func repository() async throws {
        let host = try await ThrowAwayHost.start()
        let shell = host.shell
        _ = try await shell.run("echo >/etc/apt/sources.list; rm -rf /var/lib/apt/lists/*")
        func source(_ yaml: String) throws -> RepositoryResource {
            try declared(RepositoryResource.self, "{name: own, \(yaml)}")
        }
        // A repository that is not there leaves nothing behind.
        let wrong = try source("url: 'file:/opt/no-such', suites: ./, trusted: true")
        var state = HostState(try await shell.answer([wrong]))
        #expect(try await shell.apply(try wrong.compare(&state).steps) != nil)
        #expect(try await shell.run("ls /etc/apt/sources.list.d").output == "")

        let first = try await shell.converge(
            source("url: 'file:/opt/apus-packages', suites: ./, trusted: true, key: KEY"))
        #expect(first.differences.map(\.what) == ["key", "file"])
        #expect(
            try await shell.run("cat /etc/apt/sources.list.d/own.sources").output == """
                Types: deb
                URIs: file:/opt/apus-packages
                Suites: ./
                Signed-By: /etc/apt/keyrings/own.asc
                Trusted: yes

                """)
        // The lists are there already.
        try await shell.converge(declared(PackageResource.self, "{name: apus-hello, updateCache: false}"))
        #expect(told(try await shell.converge(source("state: absent"))).count == 2)
        #expect(try await shell.run("ls /etc/apt/sources.list.d /etc/apt/keyrings | grep own").output == "")
    }

    @Test func services() async throws {
        let host = try await ThrowAwayHost.start()
        let shell = host.shell
        func unit(_ yaml: String) throws -> SystemdUnitResource {
            try declared(SystemdUnitResource.self, "{name: own.service, \(yaml)}")
        }
        func service(_ yaml: String) throws -> ServiceResource {
            try declared(ServiceResource.self, "{name: own, \(yaml)}")
        }
        let content = "[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n"
        let first = try await shell.converge(unit("content: \"\(content)\", enabled: true, running: true"))
        #expect(first.differences.map(\.what) == ["content", "enabled", "running"])
        #expect(told(try await shell.converge(service("running: true, enabled: true"))) == [])
        #expect(told(try await shell.converge(unit("dropIn: more, content: \"[Service]\\nNice=3\\n\""))).count == 1)
        #expect(told(try await shell.converge(service("state: reloaded"))) == ["state: active → reloaded"])
        #expect(
            told(try await shell.converge(service("state: stopped, enabled: false"))) == [
                "enabled: enabled → disabled", "running: active → stopped",
            ])
        #expect(told(try await shell.converge(service("state: restarted"))) == ["state: inactive → restarted"])
        #expect(told(try await shell.converge(unit("dropIn: more, state: absent"))) == ["file: present → -"])
        #expect(told(try await shell.converge(unit("state: absent"))) == ["file: present → -"])
        #expect(try await shell.run("ls /etc/systemd/system | grep own").output == "")
        try await shell.converge(declared(PackageResource.self, "{name: apus-daemon, updateCache: true}"))
        #expect(
            told(
                try await shell.converge(
                    declared(ServiceResource.self, "{name: apus-daemon, running: true, enabled: true}"))) == [])
        #expect(
            told(
                try await shell.converge(
                    declared(ServiceResource.self, "{name: apus-daemon, running: false, masked: true}"))) == [
                    "running: active → stopped", "masked: false → true",
                ])
    }

    @Test func firewall() async throws {
        let host = try await ThrowAwayHost.start()
        let shell = host.shell
        guard try await shell.run("nft list ruleset").code == 0 else { return }
        func rule(_ name: String, _ yaml: String) throws -> FirewallResource {
            try declared(FirewallResource.self, "{name: \(name), chain: input, hook: input, \(yaml)}")
        }
        let first = try await shell.converge(rule("ssh", "rule: 'tcp dport {22,80} accept'"))
        #expect(first.differences.map(\.what) == ["rule", "file", "main file"])
        try await shell.converge(rule("two", "rule: 'ip saddr 10.0.0.0/8 drop'"))
        let changed = try await shell.converge(rule("ssh", "rule: 'tcp dport 2222 accept', policy: accept"))
        #expect(told(changed).first == "rule: another form → tcp dport 2222 accept")
        // A boot: what is in the files, and nothing else.
        let rules = "nft list chain inet apus input | grep -o 'apus:[a-z]*'"
        #expect(try await shell.run(rules).output == "apus:ssh\napus:two\n")
        #expect(try await shell.run("nft -f /etc/nftables.conf && \(rules)").output == "apus:ssh\napus:two\n")
        #expect(told(try await shell.converge(rule("ssh", "rule: 'tcp dport 2222 accept', policy: accept"))) == [])
        #expect(
            told(try await shell.converge(rule("ssh", "state: absent"))) == ["rule: loaded → -", "file: present → -"])
        #expect(try await shell.run(rules).output == "apus:two\n")
    }
}
