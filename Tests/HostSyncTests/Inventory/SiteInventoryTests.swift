import Base
import Glibc
import Settings
import TestKit
import Testing

@testable import HostSync

@Suite struct SiteInventoryTests {
    @Test func hostsAndGroups() throws {
        let result = InventoryHarness.site(
            """
            hosts:
              web[1:2]: {user: deploy, become: true, vars: {port: 80, on: yes}}
              db1:
                address: 10.0.0.5
                port: 2222
                identityFile: ~/.ssh/db
                sshOptions: [ProxyJump=bastion, ServerAliveInterval=5]
                groups: db
              here: {local: true}
              plain:
            groups:
              web: {hosts: ["web*"], vars: {port: 8080, tier: front}}
              db: {user: admin}
              prod: {children: [web, db], become: {user: app, method: doas, passwordCommand: [pass, show, it]}}
              all: {vars: {tier: none}}
            """)
        #expect(result.texts == [])
        #expect(result.hostNames == ["web1", "web2", "db1", "here", "plain"])
        #expect(result.variable("port", of: "web1") == .integer(80))
        #expect(result.variable("tier", of: "web2") == "front")
        #expect(result.variable("tier", of: "db1") == "none")
        #expect(result.variable("on", of: "web1") == "yes")
        var database = HostConnection(address: "10.0.0.5")
        (database.port, database.user, database.identityFile) = (2222, "admin", "~/.ssh/db")
        database.sshOptions = ["-o", "ProxyJump=bastion", "-o", "ServerAliveInterval=5"]
        var become = BecomeParameters()
        (become.user, become.method, become.passwordCommand) = ("app", .doas, ["pass", "show", "it"])
        database.become = become
        #expect(result.connection("db1") == database)
        #expect(result.connection("web1")?.become?.user == "app")
        #expect(result.connection("here")?.transport == .local)
        #expect(result.connection("plain") == HostConnection(address: "plain"))
        #expect(result.inventory?.host(named: "web1")?.groups == ["prod", "web"])
        #expect(result.inventory?.host(named: "plain")?.groups == ["ungrouped"])
    }

    @Test func shortForms() {
        #expect(InventoryHarness.site("hosts: [a, \"b[1:2]\"]").hostNames == ["a", "b1", "b2"])
        let groups = InventoryHarness.site("groups: {web: {hosts: [web1, \"db[1:2]\"]}}")
        #expect(groups.hostNames == ["web1", "db1", "db2"])
        let mentioned = InventoryHarness.site("hosts: {a: {groups: [x, y]}}")
        #expect(mentioned.inventory?.host(named: "a")?.groups == ["x", "y"])
        #expect(InventoryHarness.site("hosts:\ngroups:\n").inventory?.hosts.isEmpty == true)
    }

    @Test func aHostRefusesWhatItsGroupSays() {
        let result = InventoryHarness.site(
            "hosts: {a: {become: false, local: false}, b: }\ngroups: {all: {become: true, local: true}}")
        #expect(result.connection("a")?.become == nil && result.connection("a")?.transport == .ssh)
        #expect(result.connection("b")?.become != nil && result.connection("b")?.transport == .local)
    }

    @Test func passwords() throws {
        setenv("APUS_TEST_BECOME", "{{ no template }}", 1)
        let folder = try InventoryHarness.folder(["pw": "from-file\nrest"])
        let result = InventoryHarness.site(
            """
            hosts:
              a: {become: {password: "${env:APUS_TEST_BECOME}"}}
              b: {become: {passwordFile: \(folder.path)/pw}}
              c: {become: {password: hunter22}}
            """)
        #expect(result.connection("a")?.become?.password?.reveal() == "{{ no template }}")
        #expect(result.connection("b")?.become?.password?.reveal() == "from-file")
        #expect(result.connection("c")?.become?.password?.reveal() == "hunter22")
        #expect(result.texts.count == 1)
        #expect(
            result.texts.first?.hasPrefix(
                "site.yaml:4:26: warning: hosts.c.become.password: the secret stands in the file as plain text") == true
        )
    }

    @Test(arguments: [
        ("hosts: {a: {usr: x}}", "site.yaml:1:13: hosts.a.usr: unknown key; did you mean \"user\"?"),
        ("hosts: {a: {port: 70000}}", "hosts.a.port: found the number 70000"),
        ("hosts: {a: {port: 70000, user: -x}}", "hosts.a.port"),
        ("hosts: {a: {user: -x}}", "hosts.a.user: found \"-x\", which ssh would take for an option"),
        ("hosts: {a: {sshOptions: [-v]}}", "hosts.a.sshOptions[0]: found \"-v\", wanted an option: Name=value"),
        (
            "hosts: {a: {sshOptions: [X=1, StrictHostKeyChecking=no]}}",
            ":1:31: hosts.a.sshOptions[1]: host keys are always"
        ),
        ("hosts: {a: {become: 5}}", "hosts.a.become: found an integer, wanted true, false, or a mapping"),
        ("hosts: {a: {become: {usr: x}}}", "hosts.a.become.usr: unknown key; did you mean \"user\"?"),
        ("hosts: {a: {become: {method: su}}}", "hosts.a.become.method: found \"su\""),
        (
            "hosts: {a: {become: {password: \"${env:NO_SUCH}\"}}}",
            "hosts.a.become.password: the environment variable NO_SUCH"
        ),
        ("hosts: {a: {become: {passwordFile: /no/such}}}", "hosts.a.become.passwordFile: cannot read /no/such"),
        ("hosts: {a: {vars: [x]}}", "site.yaml:1:19: hosts.a.vars: found a list, wanted a mapping of variables"),
        ("hosts: {a: {vars: {x: !vault y}}}", "hosts.a.vars.x: Ansible Vault values are not read"),
        ("hosts: {\"a b\": }", "site.yaml:1:9: hosts.\"a b\": found \"a b\" as a host"),
        ("hosts: {a: 5}", "hosts.a: found an integer, wanted a mapping"),
        ("hosts: 5", "hosts: found an integer, wanted hosts by name, or a list of names"),
        ("hosts: [[a]]", "hosts[0]: found a list, wanted the name of a host"),
        ("groups: [a]", "groups: found a list, wanted groups by name"),
        ("groups: {a: {host: x}}", "groups.a.host: unknown key; did you mean \"hosts\"?"),
        ("groups: {web: {hosts: \"x*\"}}", "groups.web.hosts: no host matches \"x*\""),
        (
            "hosts: {web1: }\ngroups: {web: {hosts: [wbe1]}}",
            "site.yaml:2:24: groups.web.hosts[0]: no host \"wbe1\" is declared; did you mean \"web1\"?"
        ),
        (
            "groups: {web: , a: {children: [wbe]}}",
            "groups.a.children[0]: no group \"wbe\" is declared; did you mean \"web\"?"
        ),
        (
            "hosts: {h: {groups: [wbe]}}\ngroups: {web: }",
            "hosts.h.groups[0]: no group \"wbe\" is declared; did you mean \"web\"?"
        ),
        ("hosts: {h: {address: \"{{ x }}\"}}", "hosts.h.address: templates are not rendered here"),
    ])
    func complaints(_ text: String, _ message: String) {
        let result = InventoryHarness.site(text)
        #expect(result.inventory == nil)
        #expect(result.texts.first?.contains(message) == true, "\(result.texts)")
    }

    @Test func everythingIsSaidAtOnce() {
        let result = InventoryHarness.site(
            "hosts:\n  a: {usr: x, prt: 5}\n  b: {port: x}\n  c: 5\ngroups:\n  d: {vrs: }\n  e: {hosts: [zz]}\n")
        #expect(result.complaints.map(\.position.line) == [2, 2, 3, 4, 6, 7])
    }

    @Test(arguments: ["", "hosts: {localhost: {address: 10.0.0.1, user: me}, a: }", "groups: {all: {local: false}}"])
    func localHost(_ text: String) throws {
        let result = InventoryHarness.site(text, isLocal: true)
        #expect(result.texts == [])
        #expect(result.connection("localhost")?.transport == .local)
        let inventory = try #require(result.inventory)
        #expect(try HostPattern(parsing: "localhost").select(from: inventory).map(\.name) == ["localhost"])
    }
}
