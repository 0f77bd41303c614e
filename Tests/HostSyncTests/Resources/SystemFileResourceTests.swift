import Settings
import TestKit
import Testing

@testable import HostSync

/// The files that `repository` writes for each package manager, and what is refused.
@Suite struct SystemFileResourceTests {
    @Test(arguments: [
        (
            "{name: x, url: 'https://h/debian', suites: [a, b], components: main, architectures: amd64, key: K}",
            "apt", "/etc/apt/sources.list.d/x.sources",
            "Types: deb\nURIs: https://h/debian\nSuites: a b\nComponents: main\nArchitectures: amd64\nSigned-By: /etc/apt/keyrings/x.asc\n"
        ),
        (
            "{name: x, url: 'https://h', suites: a, components: [c, d], oneLine: true, trusted: true, options: {check-date: no}}",
            "apt", "/etc/apt/sources.list.d/x.list", "deb [trusted=yes check-date=no] https://h a c d\n"
        ),
        (
            "{name: x, url: 'https://h/$releasever', key: K, description: An X, options: {priority: 10, enabled: 0}}",
            "dnf", "/etc/yum.repos.d/x.repo",
            "[x]\nname=An X\nbaseurl=https://h/$releasever\ngpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-x\npriority=10\nenabled=0\n"
        ),
        (
            "{name: x, url: 'https://h', trusted: true}", "zypper", "/etc/zypp/repos.d/x.repo",
            "[x]\nname=x\nbaseurl=https://h\nenabled=1\ngpgcheck=0\nautorefresh=1\n"
        ),
        ("{name: x, url: 'https://h/edge'}", "apk", "/etc/apk/repositories", "https://main\nhttps://h/edge\n"),
    ]) func repositoryFile(_ yaml: String, _ manager: String, _ path: String, _ text: String) throws {
        let resource = try declared(RepositoryResource.self, yaml)
        let old = path == "/etc/apk/repositories" ? [path: "https://main\n"] : [:]
        var host = hostState([(PackageManager.query, "manager|\(manager)")], contents: old)
        let comparison = try resource.compare(&host)
        let change = try #require(comparison.differences.last?.text)
        #expect(change.path == path)
        #expect(String(decoding: change.new ?? [], as: UTF8.self) == text)
        #expect(host.willHave("repository"))
        // The same declaration again, later in the plan, has nothing to do.
        #expect(told(try resource.compare(&host)) == [])
    }

    @Test(arguments: [
        ("{name: x, url: 'https://h'}", "apt", "needs suites"),
        ("{name: x, url: 'https://h', key: K}", "apk", "give keyName"),
        ("{name: x, url: 'https://h'}", "pacman", "pacman.conf"),
        ("{name: x, url: 'https://h'}", "", "no package manager"),
    ]) func repositoryFault(_ yaml: String, _ manager: String, _ message: String) throws {
        let resource = try declared(RepositoryResource.self, yaml)
        var host = hostState([(PackageManager.query, "manager|\(manager)")])
        #expect { try resource.compare(&host) } throws: { "\($0)".contains(message) }
    }

    @Test(arguments: [
        ("{name: x}", "must be given"), ("{name: ../x, url: y}", "a name"), ("{name: x, url: 'a b'}", "a word"),
        ("{name: x, url: a, key: k, keySource: l}", "does not go with key"),
        ("{name: x, url: a, options: {\"a\\nb\": c}}", "letters, digits"),
    ]) func repositoryRefused(_ yaml: String, _ message: String) {
        #expect(complaints(RepositoryResource.self, yaml).contains(message))
    }

    @Test(arguments: [
        ("{name: x, chain: input}", "must be given"),
        ("{name: x, chain: input, rule: 'accept comment \"a\"'}", "is ours"),
        ("{name: x, chain: input, rule: 'accept } chain y { drop'}", "in pairs"),
        ("{name: x, chain: input, rule: 'accept; drop'}", "one rule"),
        ("{name: x, chain: input, rule: accept, policy: drop}", "hook only"),
    ]) func firewallRefused(_ yaml: String, _ message: String) {
        #expect(complaints(FirewallResource.self, yaml).contains(message))
    }

    @Test func firewallKnowsItsRules() throws {
        let resource = try declared(FirewallResource.self, "{name: ssh, chain: input, rule: accept, state: present}")
        let list = """
            nft
            inet apus input|\t\taccept comment "apus:ssh2:0123456789ab" # handle 3
            inet apus input|\t\taccept comment "apus:ssh:0123456789ab" # handle 4
            inet apus input|\t\taccept comment "apus:ssh:0123456789ab" # handle 99999999999999999999
            inet apus input|\t\taccept comment "apus:ssh:0123456789ab" # handle 5
            """
        var host = hostState([(FirewallResource.query, list)])
        guard case .bytes(let bytes) = try resource.compare(&host).steps.contents[0] else {
            return #expect(Bool(false))
        }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("replace rule inet apus input handle 4 accept comment \"apus:ssh:"))
        #expect(text.hasSuffix("delete rule inet apus input handle 5\n"))
        #expect(!text.contains("handle 3"))
    }

    @Test func nothingThereIsAFault() throws {
        var host = hostState([])
        let rule = try declared(FirewallResource.self, "{name: x, chain: input, rule: accept}")
        #expect { try rule.compare(&host) } throws: { "\($0)".contains("install nftables") }
        let anchor = try declared(CertificateResource.self, "{name: x, content: '-----BEGIN CERTIFICATE-----'}")
        #expect { try anchor.compare(&host) } throws: { "\($0)".contains("install ca-certificates") }
        host.willProvide("package")
        #expect(try rule.compare(&host).deferred != nil)
        #expect(try anchor.compare(&host).deferred != nil)
    }

    @Test(arguments: [
        ("{name: x}", "give one of"), ("{name: x, content: abc}", "in PEM"), ("{name: x/y, state: absent}", "a name"),
    ]) func certificateRefused(_ yaml: String, _ message: String) {
        #expect(complaints(CertificateResource.self, yaml).contains(message))
    }
}
