import Base
import Glibc
import Settings
import TestKit

@testable import HostSync

/// Inventories from text, for tests.
enum InventoryHarness {
    static func ini(_ text: String) -> InventoryResult {
        var builder = InventoryBuilder()
        INIInventory.read(Array(text.utf8), file: "hosts", into: &builder)
        return builder.build()
    }

    static func yaml(_ text: String) -> InventoryResult {
        var builder = InventoryBuilder()
        if let root = AnsibleFile.root(Array(text.utf8), "hosts.yml", nil, &builder.complaints) {
            YAMLInventory.read(root, file: "hosts.yml", into: &builder)
        }
        return builder.build()
    }

    /// A site with `hosts` and `groups` at its top.
    static func site(_ text: String, isLocal: Bool = false) -> InventoryResult {
        var builder = InventoryBuilder()
        let root = YAMLDocument(Array(text.utf8), file: "site.yaml").root
        SiteInventory.read(hosts: root?["hosts"], groups: root?["groups"], file: "site.yaml", into: &builder)
        if isLocal { SiteInventory.addLocalHost(into: &builder) }
        return builder.build()
    }

    /// Writes files by their path below a temporary folder, which goes with the returned object.
    static func folder(_ files: [String: String]) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (name, text) in files {
            var path = folder.path
            for part in name.split(separator: "/").dropLast() {
                path += "/\(part)"
                mkdir(path, 0o755)
            }
            try folder.write(name, text)
        }
        return folder
    }

    static func read(_ path: String) -> InventoryResult {
        var builder = InventoryBuilder()
        InventoryFile.read(path: path, into: &builder)
        return builder.build()
    }
}

extension InventoryResult {
    var texts: [String] { complaints.map(\.description) }
    var hostNames: [String] { inventory?.hosts.map(\.name) ?? [] }

    func variable(_ name: String, of host: String) -> Value? { inventory?.host(named: host)?.variables[name] }
    func connection(_ host: String) -> HostConnection? { inventory?.host(named: host)?.connection }
}
