package import Base
import Glibc
import Settings

/// A plan that was saved to be applied as it is: which site with which options, and what the plan of each host stood on.
///
/// The file is JSON, version 1: `{"apusSyncPlan":1,"site":…,"digest":…,"hosts":…,"inventories":[…],"tags":…,"skipTags":…,
/// "variables":[…],"local":…,"fingerprints":{"PLAY/HOST":"…"}}`. It holds no content and no secret: the site is read
/// again, and must not have changed.
package struct SavedPlan: Sendable {
    private static let mostBytes = 64 << 20

    package var site: String
    package var digest: String
    package var hosts: String?
    package var inventories: [String]
    package var tags: String?
    package var skipTags: String?
    package var variables: [String]
    package var isLocal: Bool
    package var fingerprints: [String: String]

    package init(
        site: String, digest: String, hosts: String?, inventories: [String], tags: String?, skipTags: String?,
        variables: [String], isLocal: Bool, fingerprints: [String: String]
    ) {
        self.site = site
        self.digest = digest
        self.hosts = hosts
        self.inventories = inventories
        self.tags = tags
        self.skipTags = skipTags
        self.variables = variables
        self.isLocal = isLocal
        self.fingerprints = fingerprints
    }

    package var json: String {
        var map = OrderedMap<Value>()
        map.set("apusSyncPlan", .integer(1))
        map.set("site", .string(site))
        map.set("digest", .string(digest))
        map.set("hosts", hosts.map { .string($0) } ?? .null)
        map.set("inventories", .list(inventories.map { .string($0) }))
        map.set("tags", tags.map { .string($0) } ?? .null)
        map.set("skipTags", skipTags.map { .string($0) } ?? .null)
        map.set("variables", .list(variables.map { .string($0) }))
        map.set("local", .bool(isLocal))
        var prints = OrderedMap<Value>()
        for (key, value) in fingerprints.sorted(by: { $0.key < $1.key }) { prints.set(key, .string(value)) }
        map.set("fingerprints", .map(prints))
        return Value.map(map).json + "\n"
    }

    /// The plan in `file`; nil when the file is none, and so a site.
    ///
    /// - Throws: `ApusError` `bad-plan` for a plan that does not read, or is of a later version.
    package static func read(_ file: String) throws(ApusError) -> SavedPlan? {
        guard let bytes = try? Files.read(file, limit: mostBytes), bytes.starts(with: Array("{\"apusSyncPlan\":".utf8))
        else { return nil }
        // JSON is YAML, and what we write ourselves holds nothing that the two read differently.
        guard let root = YAMLDocument(bytes, file: file).root.map({ Value($0) }), root["apusSyncPlan"] == .integer(1),
            let site = root["site"]?.string, let digest = root["digest"]?.string,
            let prints = root["fingerprints"]?.map
        else {
            throw ApusError(
                code: "bad-plan", "\(file) is a plan that does not read (cut off, or of another version): plan again",
                kind: .declaration)
        }
        return SavedPlan(
            site: site, digest: digest, hosts: root["hosts"]?.string, inventories: strings(root["inventories"]),
            tags: root["tags"]?.string, skipTags: root["skipTags"]?.string, variables: strings(root["variables"]),
            isLocal: root["local"] == .bool(true),
            fingerprints: Dictionary(prints.map { ($0.key, $0.value.text) }, uniquingKeysWith: { $1 }))
    }

    private static func strings(_ value: Value?) -> [String] {
        (value?.list ?? []).compactMap(\.string)
    }
}
