import Settings
import Testing

@testable import HostSync

@Suite struct HostImportTests {
    private static let accounts = """
        root:x:0:0:root:/root:/bin/bash
        anna:x:1000:1000:Anna:/home/anna:/bin/bash
        ben:x:1001:50:,,,:/home/ben:/bin/sh

        root:x:0:
        staff:x:50:
        adm:x:4:anna,syslog
        devs:x:1500:anna,ben
        anna:x:1000:
        """

    @Test func accountsKeepTheirGroups() {
        let (users, groups) = AccountList.read(Self.accounts)
        #expect(users.map(\.name) == ["anna", "ben"])
        #expect(users.map(\.groups) == [["adm", "devs"], ["devs"]])
        #expect(users.map(\.group) == ["anna", "staff"])
        #expect(groups.map(\.name) == ["devs", "anna"])
    }

    /// How the host was reached is how the site that is written reaches it.
    @Test(arguments: [
        (
            "{ address: 10.0.0.1, port: 2222, user: ops, become: true }",
            "{ address: \"10.0.0.1\", port: 2222, user: \"ops\", become: { user: \"root\" } }"
        ),
        ("{ become: { user: app, method: doas } }", "{ become: { user: \"app\", method: doas } }"),
        ("{ local: true }", "{ local: true }"), ("{}", "{}"),
    ])
    func theConnectionIsKept(declared: String, written: String) throws {
        let site = "hosts: { a: \(declared) }\n"
        let loaded = try SiteReader.read(Array(site.utf8), file: "site.yaml", options: SiteReader.Options())
        let host = try #require(loaded.site.inventory.host(named: "a"))
        let text = HostImport(files: []).text(HostState(ProbeAnswer()), host).text
        #expect(text.contains("  \"a\": \(written)\n") || text.contains("  a: \(written)\n"), "\(text)")
        _ = try SiteReader.read(Array(text.utf8), file: "again.yaml", options: SiteReader.Options())
    }
}
