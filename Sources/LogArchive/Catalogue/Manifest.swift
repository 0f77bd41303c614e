package import Base
package import ObjectStore

/// The manifest of a store: what was put into it, by host and day.
///
/// Objects `apus-manifest/HOST/YYYY-MM-DD[.N].jsonl` under the store's prefix: one line of JSON a generation
/// (`ManifestEntry`), in the order in which they were stored, the day that of its rotation in UTC. `.2` and so on follow where
/// a file has reached 4 MiB. A host writes only its own; a change replaces the whole object if it is still the one that was
/// read (If-Match), so that two writers of one name lose nothing of each other.
package struct Manifest: Sendable {
    static let prefix = "apus-manifest/"
    private static let fullAt = 4 << 20
    private static let mostParts = 1000
    /// Tries against another writer.
    private static let mostTries = 20

    package let store: any ObjectStore

    package init(store: any ObjectStore) {
        self.store = store
    }

    private static func key(_ host: String, _ day: String, part: Int) -> String {
        "\(prefix)\(ArchiveKey.safe(host))/\(day)\(part == 1 ? "" : ".\(part)").jsonl"
    }

    static func day(_ time: WallInstant) -> String { String(time.rfc3339.prefix(10)) }

    /// Writes the entry down, once: a second call with the same generation replaces its line.
    package func note(_ entry: ManifestEntry) async throws {
        for _ in 0..<Manifest.mostTries {
            do {
                return try await tryNote(entry)
            } catch let error as ApusError where error.code == "object-exists" {
                continue
            }
        }
        throw ApusError(
            code: "manifest-busy", "another writer changes the manifest of \(entry.host) all the time", canRetry: true)
    }

    private func tryNote(_ entry: ManifestEntry) async throws {
        let day = Manifest.day(entry.rotated)
        for part in 1...Manifest.mostParts {
            let key = Manifest.key(entry.host, day, part: part)
            guard let (info, content) = try await load(key) else {
                return try await save(key, Array((entry.line + "\n").utf8), ifMatch: nil)
            }
            var lines = content.split(separator: UInt8(ascii: "\n"))
            let mark = Array("\"generation\":\"\(entry.generation)\"".utf8)
            if let index = lines.firstIndex(where: { $0.contains(mark) }) {
                if lines[index].elementsEqual(entry.line.utf8) { return }
                lines[index] = Array(entry.line.utf8)[...]
                return try await save(key, Manifest.joined(lines), ifMatch: info.eTag)
            }
            if content.count < Manifest.fullAt {
                lines.append(Array(entry.line.utf8)[...])
                return try await save(key, Manifest.joined(lines), ifMatch: info.eTag)
            }
        }
        throw ApusError(code: "manifest-full", "there are \(Manifest.mostParts) manifests of one day")
    }

    private static func joined(_ lines: [ArraySlice<UInt8>]) -> [UInt8] {
        lines.flatMap { $0 + [UInt8(ascii: "\n")] }
    }

    private func load(_ key: String) async throws -> (ObjectInfo, [UInt8])? {
        guard let info = try await store.head(key) else { return nil }
        return (info, info.size == 0 ? [] : try await store.read(key, range: nil))
    }

    private func save(_ key: String, _ content: [UInt8], ifMatch: String?) async throws {
        _ = try await store.putObject(
            key, content,
            ObjectAttributes(contentType: "application/x-ndjson", ifAbsent: ifMatch == nil, ifMatch: ifMatch))
    }

    /// The entries of all hosts, or of one, that were rotated within these days, oldest first.
    ///
    /// - Parameters:
    ///   - since, until: Days that cannot hold such entries are not read.
    ///   - damaged: told about each line that does not read.
    package func entries(
        host: String? = nil, since: WallInstant? = nil, until: WallInstant? = nil, damaged: (String) -> Void = { _ in }
    ) async throws -> [ManifestEntry] {
        let prefix = Manifest.prefix + (host.map { "\(ArchiveKey.safe($0))/" } ?? "")
        var entries: [ManifestEntry] = []
        var after: String?
        while true {
            let page = try await store.list(prefix, after: after, limit: 1000)
            for object in page.objects where object.key.hasSuffix(".jsonl") && isWanted(object.key, since, until) {
                entries += try await read(object.key, damaged)
            }
            guard page.isCut, let last = page.objects.last else { break }
            after = last.key
        }
        entries = entries.filter { entry in
            (since.map { entry.rotated >= $0 } ?? true) && (until.map { entry.rotated < $0 } ?? true)
        }
        return entries.sorted { ($0.rotated, $0.generation) < ($1.rotated, $1.generation) }
    }

    private func isWanted(_ key: String, _ since: WallInstant?, _ until: WallInstant?) -> Bool {
        let day = String(Archive.split(key).name.prefix(10))
        return (since.map { day >= Manifest.day($0) } ?? true) && (until.map { day <= Manifest.day($0) } ?? true)
    }

    private func read(_ key: String, _ damaged: (String) -> Void) async throws -> [ManifestEntry] {
        let content = try await store.read(key, range: nil)
        var entries: [ManifestEntry] = []
        for (index, line) in content.split(separator: UInt8(ascii: "\n")).enumerated() {
            do throws(ApusError) {
                entries.append(try ManifestEntry(parsing: Array(line)))
            } catch {
                damaged("\(key):\(index + 1): \(error)")
            }
        }
        return entries
    }
}
