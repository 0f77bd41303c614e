package import Base
import CloudAPI
import Envelope
import ObjectStore

/// What the manifest says of one stored generation: enough to list, choose and verify without touching the object.
///
/// One line of JSON, members in this order. Times are RFC 3339 in UTC; `first` and `last` are those that the log's lines say.
package struct ManifestEntry: Sendable, Equatable {
    package var generation: String
    package var host: String
    package var log: String
    package var rule: String
    package var rotated: WallInstant
    package var key: String
    /// Plain bytes.
    package var size: Int64
    package var lines: Int64
    /// Of the plain content, hexadecimal.
    package var sha256: String
    package var first: WallInstant?
    package var last: WallInstant?
    /// Bytes of the object.
    package var storedSize: Int64
    package var digest: String
    package var compression: String
    /// Provider, key and version; nil where nothing is encrypted.
    package var keyText: String?
    package var tags: [String: String]

    init(host: String, generation: Generation, survey: Survey, object: Generation.StoredObject, rule: RuleSettings) {
        self.generation = generation.id
        self.host = host
        log = generation.log
        self.rule = generation.rule
        rotated = generation.rotatedAt
        key = object.key
        size = survey.bytes
        lines = survey.lines
        sha256 = survey.sha256
        first = survey.firstTime.map { WallInstant(nanosecondsSince1970: $0 * 1_000_000) }
        last = survey.lastTime.map { WallInstant(nanosecondsSince1970: $0 * 1_000_000) }
        storedSize = object.size
        digest = object.digest
        compression = (rule.compress?.algorithm ?? .none).rawValue
        keyText = object.keyText
        tags = rule.tags
    }

    /// From what an object says of itself; nil where that is not enough for a line.
    ///
    /// The digest is left empty, and the host's tags are those of the object: `verify --all` proves the rest.
    init?(_ object: ObjectInfo) {
        func value(_ name: String) -> String? {
            object.metadata["apus-\(name)"].flatMap { Record(parsing: "x v=\($0)")?["v"] }
        }
        func number(_ name: String) -> Int64? {
            value(name).flatMap { Int64($0) }.flatMap { (0...ManifestEntry.mostBytes).contains($0) ? $0 : nil }
        }
        guard let generation = value("generation"), ManifestEntry.isGeneration(generation), let host = value("host"),
            let log = value("log"), let rule = value("rule"),
            let rotated = value("rotated").flatMap(WallInstant.init(rfc3339:)), let size = number("size"),
            let lines = number("lines"), let sha256 = value("sha256"), let compression = value("compression")
        else { return nil }
        self.generation = generation
        self.host = host
        self.log = log
        self.rule = rule
        self.rotated = rotated
        key = object.key
        self.size = size
        self.lines = lines
        self.sha256 = sha256
        first = value("first").flatMap(WallInstant.init(rfc3339:))
        last = value("last").flatMap(WallInstant.init(rfc3339:))
        storedSize = object.size
        digest = ""
        self.compression = compression
        keyText = value("key")
        tags = [:]
        for pair in (value("tags") ?? "").split(separator: ",") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if halves.count == 2 { tags[String(halves[0])] = String(halves[1]) }
        }
    }

    var line: String {
        func time(_ instant: WallInstant?) -> JSON { instant.map { .string($0.rfc3339) } ?? .null }
        let tags = tags.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
        return JSON.object([
            JSON.Member("v", .number("1")), JSON.Member("generation", .string(generation)),
            JSON.Member("host", .string(host)), JSON.Member("log", .string(log)), JSON.Member("rule", .string(rule)),
            JSON.Member("rotated", .string(rotated.rfc3339)), JSON.Member("key", .string(key)),
            JSON.Member("size", .number("\(size)")), JSON.Member("lines", .number("\(lines)")),
            JSON.Member("sha256", .string(sha256)), JSON.Member("first", time(first)), JSON.Member("last", time(last)),
            JSON.Member("storedSize", .number("\(storedSize)")), JSON.Member("digest", .string(digest)),
            JSON.Member("compression", .string(compression)),
            JSON.Member("encryptionKey", keyText.map { .string($0) } ?? .null), JSON.Member("tags", .object(tags)),
        ]).text
    }

    /// - Throws: `manifest-damaged`.
    package init(parsing line: [UInt8]) throws(ApusError) {
        let json: JSON
        do throws(ApusError) {
            json = try JSON.parse(line)
        } catch {
            throw ApusError(code: "manifest-damaged", "a line of the manifest is no JSON", cause: error)
        }
        func text(_ name: String) throws(ApusError) -> String {
            guard let value = json[name]?.string else { throw ManifestEntry.missing(name) }
            return value
        }
        func number(_ name: String) throws(ApusError) -> Int64 {
            guard let value = json[name]?.integer, (0...ManifestEntry.mostBytes).contains(value) else {
                throw ManifestEntry.missing(name)
            }
            return value
        }
        guard try number("v") == 1 else {
            throw ApusError(code: "manifest-version", "the manifest was written by a later version of apus")
        }
        generation = try text("generation")
        // It becomes part of file names.
        guard ManifestEntry.isGeneration(generation) else { throw ManifestEntry.missing("generation") }
        host = try text("host")
        log = try text("log")
        rule = try text("rule")
        guard let rotated = WallInstant(rfc3339: try text("rotated")) else { throw ManifestEntry.missing("rotated") }
        self.rotated = rotated
        key = try text("key")
        size = try number("size")
        lines = try number("lines")
        sha256 = try text("sha256")
        first = json["first"]?.string.flatMap { WallInstant(rfc3339: $0) }
        last = json["last"]?.string.flatMap { WallInstant(rfc3339: $0) }
        storedSize = try number("storedSize")
        digest = try text("digest")
        compression = try text("compression")
        keyText = json["encryptionKey"]?.string
        tags = [:]
        if case .object(let members)? = json["tags"] {
            for member in members { tags[member.name] = member.value.string }
        }
    }

    /// No size that anybody has, and none with which sums overflow: 1 PiB.
    private static let mostBytes: Int64 = 1 << 50

    static func isGeneration(_ text: String) -> Bool {
        text.utf8.count == 16
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    private static func missing(_ name: String) -> ApusError {
        ApusError(code: "manifest-damaged", "a line of the manifest has no proper \(name)")
    }
}
