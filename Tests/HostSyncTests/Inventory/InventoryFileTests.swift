import Base
import Glibc
import Settings
import TestKit
import Testing

@testable import HostSync

@Suite struct InventoryFileTests {
    @Test(arguments: [
        ("hosts", "web1\n"), ("hosts", "[web]\nweb1\n"), ("hosts.ini", "web1\n"),
        ("hosts", "web:\n  hosts:\n    web1:\n"),
        ("hosts", "---\nweb: {hosts: {web1: }}\n"), ("hosts.yml", "web: {hosts: {web1: }}"),
        ("hosts.json", "{\"web\": {\"hosts\": [\"web1\"]}}"), ("hosts", "web1 a=b:c\n"), ("hosts", "web1:22\n"),
        ("hosts", "# all: {\nweb1 ansible_host=::1\n"),
    ])
    func formIsKnownByContentOrName(_ name: String, _ text: String) throws {
        let folder = try InventoryHarness.folder([name: text])
        let result = InventoryHarness.read("\(folder.path)/\(name)")
        #expect(result.texts == [])
        #expect(result.hostNames == ["web1"])
    }

    @Test func aMistakeInMarkedYAMLIsToldAsSuch() throws {
        let folder = try InventoryHarness.folder(["hosts": "all:\n  hosts: {\n"])
        #expect(InventoryHarness.read("\(folder.path)/hosts").texts.first?.contains("range") == false)
    }

    @Test func folderAndPrecedence() throws {
        let folder = try InventoryHarness.folder([
            "inv/1-hosts":
                "[web]\nweb1 own=host a=host\n[prod:children]\nweb\n[web:vars]\na=web\nb=web\nc=web\nd=web\n",
            "inv/2-more.yml": "web: {hosts: {web2: }}",
            "inv/sub/deep": "db1\n",
            "inv/hosts~": "[[[", "inv/x.bak": "[[[", "inv/x.orig": "[[[", "inv/.hidden": "[[[", "inv/README.md": "[[[",
            "inv/group_vars/all.yml": "b: all-file\nc: all-file\ne: all-file\n",
            "inv/group_vars/prod.yml": "c: prod-file\nf: prod-file\n",
            "inv/group_vars/web/1.yml": "f: web-file\ng: web-1\n",
            "inv/group_vars/web/2.yaml": "g: web-2\n",
            "inv/group_vars/web/deep/3.json": "{\"h\": 3}",
            "inv/group_vars/web/notes.txt": "[[[",
            "inv/group_vars/web/.x.yml": "[[[",
            "inv/host_vars/web1": "own: host-file\n",
            "inv/host_vars/nobody.yml": "[[[",
        ])
        let result = InventoryHarness.read("\(folder.path)/inv/")
        #expect(result.texts == [])
        #expect(result.hostNames == ["web1", "web2", "db1"])
        let expected: [(String, Value)] = [
            ("own", "host-file"), ("a", "host"), ("b", "all-file"), ("c", "prod-file"), ("d", "web"), ("e", "all-file"),
            ("f", "web-file"), ("g", "web-2"), ("h", .integer(3)),
        ]
        for (name, value) in expected { #expect(result.variable(name, of: "web1") == value, "\(name)") }
    }

    @Test func variablesBesideAFile() throws {
        let folder = try InventoryHarness.folder([
            "hosts": "web1\n", "group_vars/all": "a: 1\n", "group_vars/all.yml": "a: 2\n",
            "host_vars/web1.yml": "ansible_host: 10.0.0.7\nansible_become: yes\nansible_become_password: 0123\n",
        ])
        let result = InventoryHarness.read("\(folder.path)/hosts")
        #expect(result.variable("a", of: "web1") == .integer(1))
        #expect(result.connection("web1")?.address == "10.0.0.7")
        #expect(result.connection("web1")?.become?.password?.reveal() == "0123")
        #expect(
            result.texts == ["\(folder.path)/group_vars/all.yml:1:1: warning: is not read, since all stands beside it"])
    }

    @Test(arguments: [
        ("group_vars/all.yml", "a: 1\nb: [1, {c: !vault xyz}]\n", ":2:12: b[1].c: Ansible Vault values are not read"),
        ("group_vars/all.yml", "$ANSIBLE_VAULT;1.1;AES256\n3132\n", "all.yml:1:1: Ansible Vault values are not read"),
        ("group_vars/all.yml", "- a\n", ":1:1: found a list, wanted a mapping of variables"),
        ("host_vars/web1", "ansible_port: 99999\n", ":1:15: ansible_port: found \"99999\", wanted a port"),
        ("host_vars/web1", "a: {", "host_vars/web1:"),
    ])
    func complaintsOfVariables(_ name: String, _ text: String, _ message: String) throws {
        let folder = try InventoryHarness.folder(["hosts": "web1\n", name: text])
        let result = InventoryHarness.read("\(folder.path)/hosts")
        #expect(result.inventory == nil)
        #expect(result.texts.first?.contains(message) == true, "\(result.texts)")
    }

    @Test func programsAreNotRun() throws {
        let folder = try InventoryHarness.folder(["a": "#!/bin/sh\ntouch /tmp/x\n", "b": "web1\n", "c.toml": "x"])
        chmod("\(folder.path)/b", 0o755)
        for name in ["a", "b"] {
            #expect(InventoryHarness.read("\(folder.path)/\(name)").texts.first?.contains("is a program") == true)
        }
        #expect(InventoryHarness.read("\(folder.path)/c.toml").texts.first?.contains("TOML") == true)
        let missing = InventoryHarness.read("\(folder.path)/none").texts
        #expect(missing == ["\(folder.path)/none:1:1: cannot read the inventory: No such file or directory"])
    }

    @Test func aFolderInItselfEnds() throws {
        let folder = try InventoryHarness.folder(["inv/hosts": "web1\n"])
        symlink(".", "\(folder.path)/inv/loop")
        let result = InventoryHarness.read("\(folder.path)/inv")
        #expect(result.texts.count == 1)
        #expect(result.texts.first?.contains("folders in each other") == true)
    }

    @Test func encryptedValuesAreOpened() throws {
        let folder = try InventoryHarness.folder(["hosts": "web1\n", "host_vars/web1.yml": "key: sealed\n"])
        var builder = InventoryBuilder()
        builder.opener = { node, file, complaints in
            complaints.append(Complaint(.warning, file: file, position: node.position, "seen"))
            return YAMLNode(
                .mapping(
                    YAMLMapping([
                        (
                            "key", node.position,
                            YAMLNode(.scalar(YAMLScalar("open", isPlain: false)), position: node.position)
                        )
                    ])),
                position: node.position)
        }
        InventoryFile.read(path: "\(folder.path)/hosts", into: &builder)
        let result = builder.build()
        #expect(result.variable("key", of: "web1") == "open")
        #expect(result.texts == ["\(folder.path)/host_vars/web1.yml:1:1: warning: seen"])
    }
}
