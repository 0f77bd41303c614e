import Settings
import Testing

@testable import HostSync

@Suite struct YAMLInventoryTests {
    @Test func groupsHostsAndVariables() throws {
        let result = InventoryHarness.yaml(
            """
            all:
              hosts:
                lone:
                web[1:2]: {ansible_port: 2222}
              vars: {level: 1, flag: yes, mode: 0644, text: "yes"}
              children:
                web:
                  hosts: {web1: {level: 3}, web2: }
                  vars: {level: 2}
                  children:
                    canary: {hosts: web2}
            """)
        #expect(result.texts == [])
        #expect(result.hostNames == ["lone", "web1", "web2"])
        #expect(result.variable("level", of: "lone") == .integer(1))
        #expect(result.variable("level", of: "web1") == .integer(3))
        #expect(result.variable("level", of: "web2") == .integer(2))
        #expect(result.variable("flag", of: "lone") == .bool(true))
        #expect(result.variable("mode", of: "lone") == .integer(420))
        #expect(result.variable("text", of: "lone") == "yes")
        #expect(result.connection("web2")?.port == 2222)
        #expect(result.inventory?.host(named: "web2")?.groups == ["canary", "web"])
        #expect(result.inventory?.group(named: "ungrouped")?.hosts == ["lone"])
    }

    @Test func whatInventoryProgramsPrint() {
        let result = InventoryHarness.yaml(
            """
            {"_meta": {"hostvars": {"web1": {"ansible_host": "10.0.0.1", "x": 1}, "unknown": {"x": 2}}},
             "all": {"children": ["ungrouped", "web"]}, "web": {"hosts": ["web1", "web2"]}, "old": ["web2"]}
            """)
        #expect(result.texts == [])
        #expect(result.hostNames == ["web1", "web2"])
        #expect(result.connection("web1")?.address == "10.0.0.1")
        #expect(result.variable("x", of: "web1") == .integer(1))
        #expect(result.inventory?.host(named: "web2")?.groups == ["old", "web"])
    }

    @Test(arguments: [
        ("[a]", "hosts.yml:1:1: found a list, wanted a mapping of groups"),
        ("web: 5", "hosts.yml:1:6: web: found an integer, wanted a mapping with hosts, children and vars"),
        ("web: {hosts: {a: 5}}", "hosts.yml:1:18: web.hosts.a: found an integer, wanted a mapping of variables"),
        ("web: {hosts: [{}]}", "hosts.yml:1:15: web.hosts[0]: found a mapping, wanted a name"),
        ("web: {vars: [a]}", "hosts.yml:1:13: web.vars: found a list, wanted a mapping of variables"),
        ("web: {children: {\"a b\": }}", "web.children.\"a b\": found \"a b\" as a group"),
        ("web: {hosts: {\"a[2:1]\": }}", "found the range \"[2:1]\", which runs backwards"),
        ("web: {vars: {a: [!vault x]}}", "web.vars.a[0]: Ansible Vault values are not read; encrypt with age"),
        ("plugin: amazon.aws.aws_ec2", "plugin: the inventory plugin \"amazon.aws.aws_ec2\" is not run"),
        ("web: {vars: {ansible_ssh_pass: x}}", "web.vars.ansible_ssh_pass: passwords for ssh are not supported"),
        ("web: {children: [x]}", "web.children[0]: no group \"x\" is declared"),
        ("web: {", "hosts.yml:"),
    ])
    func complaints(_ text: String, _ message: String) {
        let result = InventoryHarness.yaml(text)
        #expect(result.inventory == nil)
        #expect(result.texts.first?.contains(message) == true, "\(result.texts)")
    }

    /// What `ansible-inventory --list` of ansible-core 2.19 says of the same file.
    @Test func depthThenPriorityThenNameDecide() {
        let result = InventoryHarness.yaml(
            """
            all:
              vars: {who: all}
              children:
                a: {vars: {who: a, ansible_group_priority: 10}, hosts: {h1: , h2: }}
                b:
                  vars: {who: b}
                  hosts: {h1: , h3: }
                  children: {c: {vars: {who: c}, hosts: {h2: , h3: }}}
            z: {vars: {who: z}, hosts: {h1: , h4: }}
            y: {vars: {who: y}, hosts: {h4: }}
            """)
        let winners = ["h1", "h2", "h3", "h4"].map { result.variable("who", of: $0) }
        #expect(winners == ["a", "c", "c", "z"])
    }

    @Test func anUnknownKeyIsAWarning() {
        let result = InventoryHarness.yaml("web: {host: {a: }}")
        #expect(result.inventory != nil)
        #expect(
            result.texts == [
                "hosts.yml:1:7: warning: web.host: unknown key, which is passed over; did you mean \"hosts\"?"
            ])
    }
}
