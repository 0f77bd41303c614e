import Base
import Glibc
import Settings

/// What the last run of a site has brought to its end: for `--resume`.
///
/// One small JSON file a site, in `$XDG_STATE_HOME/apus/sync` (or `~/.local/state/apus/sync`), named by the digest of the
/// site's path: `{"digest":…,"options":…,"files":{PATH: DIGEST},"verified":[…],"failed":[…]}`. What was brought to its end
/// counts only while declarations, options and every file that they refer to are the same. Losing it costs a full run.
package struct RunMemory: Sendable {
    private let path: String?
    private let digest: String
    private let options: String

    /// - Parameter options: Whatever else decides what is done: tags, variables.
    package init(site: String, digest: String, options: String) {
        self.digest = digest
        self.options = options
        let folder: String
        if let state = getenv("XDG_STATE_HOME") {
            folder = String(cString: state)
        } else if let home = getenv("HOME") {
            folder = String(cString: home) + "/.local/state"
        } else {
            path = nil
            return
        }
        let absolute = realpath(site, nil).map { pointer in
            defer { free(pointer) }
            return String(cString: pointer)
        }
        let name = ContentDigest.of(Array((absolute ?? site).utf8)).prefix(16)
        path = "\(folder)/apus/sync/\(name).json"
    }

    /// Empty when there is no memory, or it is of other declarations.
    package func verifiedHosts() -> Set<String> {
        guard let value = remembered() else { return [] }
        for file in value["files"]?.map ?? OrderedMap() {
            guard (try? ContentDigest.ofFile(file.key))?.digest == file.value.text else { return [] }
        }
        return Set((value["verified"]?.list ?? []).map(\.text))
    }

    private func remembered() -> Value? {
        guard let path, let bytes = try? Files.read(path), let root = YAMLDocument(bytes, file: path).root else {
            return nil
        }
        let value = Value(root)
        return value["digest"]?.text == digest && value["options"]?.text == options ? value : nil
    }

    /// A failure to write is nobody's result, and is ignored.
    ///
    /// - Parameter skipped: Hosts that this run has left out; what they were verified with still counts for them.
    package func keep(
        _ verified: some Sequence<String>, skipped: Set<String>, failed: [String], of site: LoadedSite
    ) {
        guard let path else { return }
        var map = OrderedMap<Value>()
        map.set("digest", .string(digest))
        map.set("options", .string(options))
        var files = skipped.isEmpty ? OrderedMap<Value>() : remembered()?["files"]?.map ?? OrderedMap()
        for file in site.files.loaded { files.set(file.path, .string(file.digest)) }
        map.set("files", .map(files))
        map.set("verified", .list(skipped.union(verified).sorted().map { .string($0) }))
        map.set("failed", .list(failed.map { .string($0) }))
        var folder = ""
        for part in path.split(separator: "/").dropLast() {
            folder += "/\(part)"
            mkdir(folder, 0o700)
        }
        try? Files.writeAtomically(Array((Value.map(map).json + "\n").utf8), to: path, mode: 0o600)
    }
}
