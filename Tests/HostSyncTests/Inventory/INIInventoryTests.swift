import Base
import Settings
import Testing

@testable import HostSync

@Suite struct INIInventoryTests {
    @Test func groupsHostsAndVariables() throws {
        let result = InventoryHarness.ini(
            """
            # Two kinds of comment,
            ; and hosts in no group.
            lone x=1

            [web]
            web[01:02].example.org  port=80 list='[1, "a"]' text="a b" # comment
              web01.example.org port=81
            [db:vars]
            engine = postgres # no comment here
            [db]
            db1:2222 zip=01234 on=True
            [prod:children]
            web
            db  # comment
            [prod:vars]
            level=9
            empty=
            """)
        #expect(result.texts == [])
        #expect(result.hostNames == ["lone", "web01.example.org", "web02.example.org", "db1"])
        #expect(result.variable("port", of: "web01.example.org") == .integer(81))
        #expect(result.variable("port", of: "web02.example.org") == .integer(80))
        #expect(result.variable("list", of: "web02.example.org") == .list([.integer(1), "a"]))
        #expect(result.variable("text", of: "web01.example.org") == "a b")
        #expect(result.variable("engine", of: "db1") == "postgres # no comment here")
        #expect(result.variable("zip", of: "db1") == "01234")
        #expect(result.variable("on", of: "db1") == .bool(true))
        #expect(result.variable("level", of: "web02.example.org") == .integer(9))
        #expect(result.variable("empty", of: "db1") == "")
        #expect(result.connection("db1")?.port == 2222)
        let inventory = try #require(result.inventory)
        #expect(inventory.groupNames == ["all", "ungrouped", "web", "db", "prod"])
        #expect(inventory.host(named: "db1")?.groups == ["db", "prod"])
        #expect(inventory.group(named: "ungrouped")?.hosts == ["lone"])
    }

    @Test func connectionsOfAnsible() throws {
        let result = InventoryHarness.ini(
            """
            a ansible_host=10.0.0.1 ansible_port=2200 ansible_user=me ansible_ssh_private_key_file=~/.ssh/k
            b ansible_connection=local
            c ansible_become=yes ansible_become_user=app ansible_become_method=doas ansible_become_password=0123
            d ansible_ssh_common_args='-o ProxyJump="a b"' ansible_ssh_extra_args=-v
            [all:vars]
            ansible_user=all
            ansible_become=false
            """)
        #expect(result.texts == [])
        var a = HostConnection(address: "10.0.0.1")
        (a.port, a.user, a.identityFile) = (2200, "me", "~/.ssh/k")
        #expect(result.connection("a") == a)
        #expect(result.connection("b")?.transport == .local)
        let become = try #require(result.connection("c")?.become)
        #expect(become.user == "app" && become.method == .doas && become.password?.reveal() == "0123")
        #expect(result.variable("ansible_become_password", of: "c") == nil)
        #expect(result.connection("d")?.sshOptions == ["-o", "ProxyJump=a b", "-v"])
        #expect(result.connection("d")?.user == "all" && result.connection("d")?.become == nil)
    }

    @Test(arguments: [
        ("[web", "hosts:1:1: found \"[web\": a range is not closed by ]"),
        ("[web:vrs]", "hosts:1:2: found the section kind \"vrs\", wanted children or vars; did you mean \"vars\"?"),
        ("[a:b:c]", "hosts:1:2: found \"[a:b:c]\", wanted [group], [group:children] or [group:vars]"),
        ("[a b]", "hosts:1:2: found \"a b\" as a group: a name must not hold white space or control characters"),
        ("[]", "hosts:1:2: found \"\" as a group: a name must not be empty"),
        ("[web:vars]\na=1", "hosts:1:2: no group \"web\" is declared"),
        ("[web]\n[p:children]\nwbe", "hosts:3:1: no group \"wbe\" is declared; did you mean \"web\"?"),
        ("[p:children]\na b", "hosts:2:1: found \"a b\", wanted the name of one group"),
        ("[all:vars]\nnothing", "hosts:2:1: all: wanted name=value"),
        ("[all:vars]\n=1", "hosts:2:1: all: wanted name=value"),
        ("  web1 a=1  b", "hosts:1:13: web1: wanted name=value"),
        ("web1 'a", "hosts:1:1: a quote is not closed"),
        ("web[2:1]", "hosts:1:1: found the range \"[2:1]\", which runs backwards"),
        ("web1 ansible_port=x", "hosts:1:6: web1.ansible_port: found \"x\", wanted a port from 1 to 65535"),
        ("w ansible_ssh_pass=x", "hosts:1:3: w.ansible_ssh_pass: passwords for ssh are not supported: use keys"),
        ("w ansible_host=-oProxyCommand=x", "which ssh would take for an option"),
        ("w ansible_connection=docker", "found \"docker\", supported are ssh and local"),
        ("w ansible_host='{{ x }}'", "templates are not rendered here"),
        ("a\u{1}b", "hosts:1:1: the line holds control characters"),
        ("[a:children]\nb\n[b:children]\na", "hosts:2:1: groups must not contain themselves: b → a → b"),
    ])
    func complaints(_ text: String, _ message: String) {
        let result = InventoryHarness.ini(text)
        #expect(result.inventory == nil)
        #expect(result.texts.count == 1)
        #expect(result.texts.first?.contains(message) == true, "\(result.texts)")
    }

    @Test func everythingIsSaidAtOnce() {
        let result = InventoryHarness.ini("a b\nweb[3:1]\n[x:y]\n[g:vars]\nnone\n")
        #expect(result.complaints.map(\.position.line) == [1, 2, 3, 4, 5])
    }

    @Test func hostKeysStayChecked() {
        let result = InventoryHarness.ini("w ansible_ssh_common_args='-o StrictHostKeyChecking=no'")
        #expect(result.inventory != nil)
        #expect(
            result.texts == [
                "hosts:1:3: warning: w.ansible_ssh_common_args: StrictHostKeyChecking has no effect, "
                    + "host keys are always checked: see --accept-new"
            ])
    }

    @Test func aSecretIsInNoComplaint() {
        let result = InventoryHarness.ini("w ansible_become=1 ansible_become_password='{{ hunter2 }}'")
        #expect(result.texts.count == 1)
        #expect(!result.texts.joined().contains("hunter2"))
    }

    @Test(arguments: ["", "\n\n", "# only\n", "\u{FEFF}web1\n", "web1\r\n", "web1"])
    func edges(_ text: String) {
        let result = InventoryHarness.ini(text)
        #expect(result.texts == [])
        #expect(result.hostNames == (text.contains("web1") ? ["web1"] : []))
    }

    @Test func tenThousandHostsOfARange() {
        let result = InventoryHarness.ini("[web]\nweb[0001:9999].example.org a=1\n[all:vars]\nb=2\n")
        #expect(result.hostNames.count == 9999)
        #expect(result.variable("b", of: "web5000.example.org") == .integer(2))
    }

    @Test func tooManyHostsAreRefused() {
        let result = InventoryHarness.ini("a[1:900000]\n")
        #expect(result.texts == ["hosts:1:1: more than 100000 hosts"])
        #expect(InventoryHarness.ini("a[1:9]x[1:999999]\n").texts.first?.contains("memberships") == true)
    }
}
