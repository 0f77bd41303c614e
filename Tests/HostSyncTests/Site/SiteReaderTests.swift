import Base
import Settings
import TestKit
import Testing

@testable import HostSync

@Suite struct SiteReaderTests {
    private func complaints(_ text: String, folder: TemporaryFolder? = nil) throws -> [String] {
        let folder = try folder ?? TemporaryFolder()
        let file = try folder.write("site.yaml", text)
        do {
            let loaded = try SiteReader.read(file)
            _ = try FleetRun(site: loaded, options: FleetRun.Options()).check()
            return []
        } catch let refused as SiteRefused {
            return refused.complaints.map { $0.description.replacing(folder.path + "/", with: "") }
        }
    }

    /// One mistake each, with the place and the key at which it is told.
    @Test(arguments: [
        (
            "resources:\n  - fiel: { path: /a }\n",
            "site.yaml:2:5: resources[0].fiel: unknown key; did you mean \"file\"?"
        ),
        (
            "resources:\n  - file: { path: a }\n",
            "site.yaml:2:19: resources[0].file.path: found \"a\", wanted a path on the host: an absolute path such as /etc/motd"
        ),
        (
            "resources:\n  - file: { path: /a, mode: \"9\" }\n",
            "site.yaml:2:29: resources[0].file.mode: found \"9\", wanted permissions in three or four octal digits such as \"0640\""
        ),
        (
            "resources:\n  - file: { path: /a, content: x, base64: eA== }\n",
            "site.yaml:2:11: resources[0].file: give one of content, base64, source and template, not 2"
        ),
        (
            "resources:\n  - file: { path: /a }\n    user: { name: x }\n",
            "site.yaml:3:5: resources[0].user: the entry is file already: make two entries of it"
        ),
        ("resources:\n  - when: true\n", "site.yaml:2:5: resources[0]: no resource is named: wanted one of"),
        (
            "resources:\n  - file: { path: /a }\n    when: a ==\n",
            "site.yaml:3:11: resources[0].when: the condition does not read: an expression is missing"
        ),
        (
            "resources:\n  - file: { path: /a, content: \"{{ x\" }\n",
            "site.yaml:2:32: resources[0].file: the template does not read, at 1:1: this is not closed"
        ),
        (
            "resources:\n  - file: { path: /a }\n    notify: gone\n",
            "site.yaml:2:5: resources[0].file: notifies \"gone\", which is no handler"
        ),
        (
            "resources:\n  - file: { path: /a }\n    requires: gone\n",
            "site.yaml:2:5: resources[0].file: requires \"gone\", which no resource before it is named"
        ),
        (
            "resources:\n  - include: gone.yaml\n",
            "site.yaml:2:14: resources[0].include: there is no file gone.yaml beside site.yaml"
        ),
        ("resources:\n  - role: gone\n", "site.yaml:2:11: resources[0].role: there is no role gone"),
        (
            "hosts: { a: {} }\nresources:\n  - file: { path: /a, content: \"{{ prot }}\" }\nvars: { port: 1 }\n",
            "site.yaml:3:32: resources[0].file: \"prot\" is not defined; did you mean \"port\"? (for the host a)"
        ),
        (
            "hosts: { a: {} }\nresources:\n  - file: { path: /a, source: gone }\n",
            "site.yaml:3:5: resources[0].file: there is no file gone in"
        ),
        (
            "hosts: { a: {} }\nresources:\n  - file: { path: /a, content: x }\n  - line: { path: /a, line: y }\n",
            "site.yaml:4:5: resources[1].line: declares content of /a, and so does file at"
        ),
        (
            "handlers:\n  - command: { run: x }\n",
            "site.yaml:2:5: handlers[0].command: a handler needs a name, by which it is notified"
        ),
        ("rollout: { serial: 0x }\n", "site.yaml:1:20: rollout.serial[0]: found \"0x\", wanted a number of hosts"),
        ("hosts: { a: { adress: x } }\n", "site.yaml:1:15: hosts.a.adress: unknown key; did you mean \"address\"?"),
        ("plays:\n  - { hosts: \"~[\", resources: [] }\n", "site.yaml:2:14: plays[0].hosts: "),
    ])
    func saysWhatIsWrongWithPlaceAndKey(text: String, expected: String) throws {
        let found = try complaints(text)
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.hasPrefix(expected) == true, "\(found.first ?? "nothing")")
    }

    @Test func tellsEverythingAtOnce() throws {
        let text =
            "resources:\n  - fiel: {}\n  - file: { path: x }\n  - user: { name: a, uid: -1 }\n  - command: { run: a, cretes: /b }\n"
        #expect(try complaints(text).count == 4)
        // Also where a key at the top is wrong; what stands under that one may be what others refer to.
        let handlers = "handlrs: [{ name: a, command: { run: b } }]\n"
        let notifies = "  - file: { path: /etc/y }\n    notify: a\n"
        #expect(try complaints(handlers + text + notifies).count == 5)
    }

    @Test func aTagThatNothingHasIsRefused() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "site.yaml", "hosts: { a: {} }\nresources:\n  - file: { path: /etc/y }\n    tags: web\n")
        let loaded = try SiteReader.read(file)
        for (only, skipped, isFine) in [
            (["web"], [], true), ([], ["web"], true), (["always"], [], true), (["wbe"], [], false),
            ([], ["wbe"], false),
        ] as [(Set<String>, Set<String>, Bool)] {
            var options = FleetRun.Options()
            options.tags = TagSelection(only: only, skipped: skipped)
            let fleet = FleetRun(site: loaded, options: options)
            if isFine {
                #expect(try fleet.hostNames() == ["a"])
            } else {
                let error = #expect(throws: ApusError.self) { try fleet.hostNames() }
                #expect(error?.code == "no-such-tag" && error?.message.contains("did you mean \"web\"") == true)
            }
        }
    }

    @Test func endsACycleOfIncludes() throws {
        let folder = try TemporaryFolder()
        try folder.write("loop.yaml", "- include: loop.yaml\n")
        let found = try complaints("resources:\n  - include: loop.yaml\n", folder: folder)
        #expect(found.count == 1)
        #expect(found.first?.contains("a cycle?") == true)
    }

    /// A host's own variable wins over its group's, that over the site's, a role's parameter over all of them, its default
    /// over none.
    @Test func ordersVariables() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "site.yaml",
            """
            hosts: { a: { vars: { v3: host }, groups: [g] } }
            groups: { g: { vars: { v2: group, v3: group } } }
            vars: { v1: site, v2: site, v3: site, v4: site, made: "{{ v1 }}-{{ v3 }}" }
            resources:
              - role: { name: r, vars: { v4: parameter } }
            """)
        _ = try FolderMaker.make(folder.path, ["roles", "roles/r"])
        try folder.write(
            "roles/r/role.yaml",
            """
            vars: { v0: default, v1: default }
            resources:
              - file: { path: "/{{ item }}", content: "{{ v0 }} {{ v1 }} {{ v2 }} {{ v3 }} {{ v4 }} {{ made }}" }
                loop: [x, y]
            """)
        let loaded = try SiteReader.read(file)
        let host = try #require(loaded.site.inventory.host(named: "a"))
        var expansion = HostExpansion(host: host, site: loaded, facts: nil, tags: TagSelection())
        let tasks = try expansion.expand(loaded.site.plays[0])
        #expect(tasks.isComplete)
        #expect(tasks.tasks.map(\.resource.label) == ["/x", "/y"])
        let contents = tasks.tasks.compactMap { ($0.resource as? FileResource)?.content }
        #expect(contents == Array(repeating: "default site group host parameter site-host", count: 2))
    }

    @Test(arguments: [
        ([], [], true), (["web"], [], false), (["files"], [], true), ([], ["files"], false),
        (["files"], ["files"], false),
    ])
    func choosesByTags(only: [String], skipped: [String], expected: Bool) {
        #expect(TagSelection(only: Set(only), skipped: Set(skipped)).includes(["files", "x"]) == expected)
    }

    @Test func takesAlwaysAndLeavesNever() {
        let selection = TagSelection(only: ["web"], skipped: [])
        #expect(selection.includes(["always"]))
        #expect(!TagSelection().includes(["never"]))
        #expect(selection.includes(["never", "web"]))
    }

    @Test func writesTheExampleOfTheProject() throws {
        let example = try Files.read("\(ApusProgram.root())/examples/site.yaml")
        #expect(String(decoding: example, as: UTF8.self) == SiteExample.text)
        #expect(try complaints(SiteExample.text) == [])
    }
}
