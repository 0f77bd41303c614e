package import Base
import Glibc
package import ObjectStore

/// The manifest of a store: what was put into it, by host and day.
///
/// Objects `apus-manifest/HOST/YYYY-MM-DD[.N].jsonl` under the store's prefix: one line of JSON a generation
/// (`ManifestEntry`), in the order in which they were stored, the day that of its rotation in UTC. `.2` and so on follow where
/// a file has reached 4 MiB. A host writes only its own; a change replaces the whole object if it is still the one that was
/// read (If-Match), so that two writers of one name lose nothing of each other. The writers of one process take turns
/// (`ManifestWriter`).
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

    /// Of one host, or of all.
    private static func folder(_ host: String?) -> String {
        prefix + (host.map { "\(ArchiveKey.safe($0))/" } ?? "")
    }

    static func day(_ time: WallInstant) -> String { String(time.rfc3339.prefix(10)) }

    /// Writes the entry down, once: a second call with the same generation replaces its line.
    package func note(_ entry: ManifestEntry) async throws { _ = try await note([entry]) }

    /// The object that lines were added to last, as it was then.
    struct Tail: Sendable {
        let day: String
        let host: String
        let key: String
        let eTag: String
        let content: [UInt8]
    }

    /// Writes entries down, all of one host and one day, each once: a line of the same generation is replaced.
    ///
    /// - Parameter tail: What the last call gave; where it is still so, nothing is read. Otherwise all is read again.
    /// - Returns: The same for the next call; nil where that would not help.
    func note(_ entries: [ManifestEntry], after tail: Tail? = nil) async throws -> Tail? {
        guard let first = entries.first else { return tail }
        let (host, day) = (first.host, Manifest.day(first.rotated))
        if let tail, tail.host == host, tail.day == day {
            do {
                let parts = [Part(key: tail.key, eTag: tail.eTag, content: tail.content)]
                return try await write(entries, parts, host, day)
            } catch let error as ApusError where error.code == "object-exists" || error.code == "object-missing" {
                // Somebody else has written to it.
            }
        }
        for _ in 0..<Manifest.mostTries {
            do {
                return try await write(entries, try await parts(host, day), host, day)
            } catch let error as ApusError where error.code == "object-exists" {
                continue
            }
        }
        throw ApusError(
            code: "manifest-busy", "another writer changes the manifest of \(host) all the time", canRetry: true)
    }

    /// One object of a day.
    private struct Part {
        let key: String
        /// Nil for one that is not there yet.
        var eTag: String?
        var content: [UInt8]
        var isChanged = false

        /// Puts the line in the place of that generation's; false where there is none.
        mutating func replace(_ line: [UInt8], of generation: String) -> Bool {
            let mark = Array("\"generation\":\"\(generation)\"".utf8)
            guard let found = Manifest.range(of: mark, in: content) else { return false }
            let feed = UInt8(ascii: "\n")
            let start = content[..<found.lowerBound].lastIndex(of: feed).map { $0 + 1 } ?? 0
            let end = content[found.upperBound...].firstIndex(of: feed) ?? content.endIndex
            if content[start..<end].elementsEqual(line) { return true }
            content.replaceSubrange(start..<end, with: line)
            isChanged = true
            return true
        }

        mutating func append(_ line: [UInt8]) {
            if let last = content.last, last != UInt8(ascii: "\n") { content.append(UInt8(ascii: "\n")) }
            content += line
            content.append(UInt8(ascii: "\n"))
            isChanged = true
        }
    }

    /// By memchr(3) and memcmp(3): a manifest is looked through for each line that comes.
    private static func range(of mark: [UInt8], in content: [UInt8]) -> Range<Int>? {
        guard let first = mark.first else { return nil }
        return content.withUnsafeBytes { all in
            guard let base = all.baseAddress else { return nil }
            var position = 0
            while position + mark.count <= all.count,
                let found = memchr(base + position, Int32(first), all.count - position)
            {
                let start = UnsafeRawPointer(found) - base
                if start + mark.count <= all.count, memcmp(found, mark, mark.count) == 0 {
                    return start..<start + mark.count
                }
                position = start + 1
            }
            return nil
        }
    }

    private func parts(_ host: String, _ day: String) async throws -> [Part] {
        var parts: [Part] = []
        while parts.count < Manifest.mostParts {
            let key = Manifest.key(host, day, part: parts.count + 1)
            guard let (info, content) = try await load(key) else { return parts }
            parts.append(Part(key: key, eTag: info.eTag, content: content))
        }
        return parts
    }

    private func write(
        _ entries: [ManifestEntry], _ parts: [Part], _ host: String, _ day: String
    ) async throws -> Tail? {
        var parts = parts
        for entry in entries {
            let line = Array(entry.line.utf8)
            if parts.indices.contains(where: { parts[$0].replace(line, of: entry.generation) }) { continue }
            if parts.last.map({ $0.content.count >= Manifest.fullAt }) ?? true {
                guard parts.count < Manifest.mostParts else {
                    throw ApusError(code: "manifest-full", "there are \(Manifest.mostParts) manifests of one day")
                }
                parts.append(Part(key: Manifest.key(host, day, part: parts.count + 1), content: []))
            }
            parts[parts.count - 1].append(line)
        }
        for index in parts.indices where parts[index].isChanged {
            let part = parts[index]
            parts[index].eTag = try await save(part.key, part.content, ifMatch: part.eTag)
        }
        // Of a day with more objects the earlier ones must be looked at, too.
        guard parts.count == 1, let eTag = parts[0].eTag, parts[0].content.count < Manifest.fullAt else { return nil }
        return Tail(day: day, host: host, key: parts[0].key, eTag: eTag, content: parts[0].content)
    }

    private func load(_ key: String) async throws -> (ObjectInfo, [UInt8])? {
        guard let info = try await store.head(key) else { return nil }
        return (info, info.size == 0 ? [] : try await store.read(key, range: nil))
    }

    private func save(_ key: String, _ content: [UInt8], ifMatch: String?) async throws -> String {
        try await store.putObject(
            key, content,
            ObjectAttributes(contentType: "application/x-ndjson", ifAbsent: ifMatch == nil, ifMatch: ifMatch)
        ).eTag
    }

    /// The entries of all hosts, or of one, that were rotated within these days, oldest first.
    ///
    /// - Parameters:
    ///   - since, until: Days that cannot hold such entries are not read.
    ///   - damaged: told about each line that does not read, and each generation that has two lines which differ, of
    ///     which the later one holds.
    package func entries(
        host: String? = nil, since: WallInstant? = nil, until: WallInstant? = nil, damaged: (String) -> Void = { _ in }
    ) async throws -> [ManifestEntry] {
        var entries: [ManifestEntry] = []
        var after: String?
        while true {
            let page = try await store.list(Manifest.folder(host), after: after, limit: 1000)
            for object in page.objects where object.key.hasSuffix(".jsonl") && isWanted(object.key, since, until) {
                entries += try await read(object.key, damaged)
            }
            guard page.isCut, let last = page.objects.last else { break }
            after = last.key
        }
        entries = entries.filter { entry in
            (since.map { entry.rotated >= $0 } ?? true) && (until.map { entry.rotated < $0 } ?? true)
        }
        return Manifest.unique(entries, damaged).sorted {
            ($0.rotated, $0.generation) < ($1.rotated, $1.generation)
        }
    }

    private static func unique(_ entries: [ManifestEntry], _ damaged: (String) -> Void) -> [ManifestEntry] {
        var places: [String: Int] = [:]
        var unique: [ManifestEntry] = []
        for entry in entries {
            guard let place = places["\(entry.host)\n\(entry.generation)"] else {
                places["\(entry.host)\n\(entry.generation)"] = unique.count
                unique.append(entry)
                continue
            }
            if unique[place] != entry {
                damaged("generation \(entry.generation) of \(entry.log) has two lines in the manifest that differ")
            }
            unique[place] = entry
        }
        return unique
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
                entries.append(try Manifest.entry(line, key))
            } catch {
                damaged("\(key):\(index + 1): \(error)")
            }
        }
        return entries
    }

    private static func entry(_ line: ArraySlice<UInt8>, _ key: String) throws(ApusError) -> ManifestEntry {
        let entry = try ManifestEntry(parsing: Array(line))
        guard key.hasPrefix("\(prefix)\(ArchiveKey.safe(entry.host))/") else {
            throw ApusError(code: "manifest-damaged", "a line names another host, \(entry.host)")
        }
        return entry
    }
}

extension Manifest {
    /// Takes lines out that do not read, and of two lines of one generation in one object the earlier. Lines of a later
    /// version of Apus stay.
    ///
    /// - Returns: How many lines that were.
    func tidy(host: String?) async throws -> Int {
        var dropped = 0
        var after: String?
        while true {
            let page = try await store.list(Manifest.folder(host), after: after, limit: 1000)
            for object in page.objects where object.key.hasSuffix(".jsonl") { dropped += try await tidy(object.key) }
            guard page.isCut, let last = page.objects.last else { return dropped }
            after = last.key
        }
    }

    private func tidy(_ key: String) async throws -> Int {
        guard let (info, content) = try await load(key) else { return 0 }
        let lines = content.split(separator: UInt8(ascii: "\n"))
        var kept: [ArraySlice<UInt8>] = []
        var seen: Set<String> = []
        // From the end, as the later one of two holds.
        for line in lines.reversed() {
            do throws(ApusError) {
                if seen.insert(try Manifest.entry(line, key).generation).inserted { kept.append(line) }
            } catch {
                if error.code == "manifest-version" { kept.append(line) }
            }
        }
        if kept.count == lines.count { return 0 }
        let whole = kept.reversed().flatMap { $0 + [UInt8(ascii: "\n")] }
        _ = try await save(key, whole, ifMatch: info.eTag)
        return lines.count - kept.count
    }
}
