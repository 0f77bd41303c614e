package import Base
import Envelope
package import ObjectStore

/// What happens to a generation, as it stands in the journal: `event.record(id)` writes it, `init(_:)` reads it.
package enum GenerationEvent: Sendable {
    /// Before anything is done.
    case planned(Generation)
    /// A working file with the first bytes of the log is durable; the log is about to be cut.
    case copied(Generation.CopyState, identity: FileIdentity)
    case rotated(name: String, identity: FileIdentity, size: Int64)
    /// The writer has been told to reopen its log.
    case told
    /// Nobody writes to it any more: its size is final.
    case ready(size: Int64)
    case surveyed(Survey)
    /// Its rule is gone, or has another name; this one has its log now.
    case adopted(rule: String)
    /// A renaming on this host is about to happen.
    case moving(String)
    case moved
    case attempted(SealAttempt)
    case uploadBegun(String)
    case partSealed(number: Int, digest: String)
    case partSent(PartReceipt)
    case attemptEnded
    /// A sealed file is whole and durable under its working name, and about to get this one.
    case sealing(Generation.SealedFile)
    case sealedHere(Generation.SealedFile)
    case stored(Generation.StoredObject)
    case noted
    /// Its files have been deleted from this host.
    case gone
    /// Nothing more is to be done; it leaves the journal.
    case ended
}

extension GenerationEvent {
    package func record(_ id: String) -> Record {
        func make(_ kind: String, _ pairs: [(String, String?)] = []) -> Record { Record(kind, [("id", id)] + pairs) }
        switch self {
        case .planned(let generation):
            return make(
                "planned",
                [
                    ("rule", generation.rule), ("log", generation.log), ("method", generation.method.rawValue),
                    ("at", "\(generation.rotatedAt.nanosecondsSince1970)"), ("folder", generation.folder),
                    ("name", generation.name), ("size", "\(generation.size)"),
                ] + GenerationEvent.pairs(generation.identity))
        case .copied(let copy, let identity):
            return make(
                "copied",
                [
                    ("part", copy.part), ("length", "\(copy.length)"), ("logdev", "\(copy.logIdentity.device)"),
                    ("logino", "\(copy.logIdentity.inode)"), ("logsize", "\(copy.logSize)"),
                    ("block", copy.firstBlock.map { "\($0)" }), ("collapse", copy.collapses ? "1" : "0"),
                ] + GenerationEvent.pairs(identity))
        case .rotated(let name, let identity, let size):
            return make("rotated", [("name", name), ("size", "\(size)")] + GenerationEvent.pairs(identity))
        case .told: return make("told")
        case .adopted(let rule): return make("adopted", [("rule", rule)])
        case .ready(let size): return make("ready", [("size", "\(size)")])
        case .surveyed(let survey): return make("surveyed", survey.pairs)
        case .moving(let name): return make("moving", [("to", name)])
        case .moved: return make("moved")
        case .attempted(let attempt): return make("attempt", attempt.pairs)
        case .uploadBegun(let upload): return make("upload", [("upload", upload)])
        case .partSealed(let number, let digest):
            return make("part", [("n", "\(number)"), ("digest", digest)])
        case .partSent(let part):
            return make("sent", [("n", "\(part.number)"), ("etag", part.eTag), ("crc", part.crc32c)])
        case .attemptEnded: return make("attempt-ended")
        case .sealing(let file): return make("sealing", file.pairs)
        case .sealedHere(let file): return make("sealed", file.pairs)
        case .stored(let object):
            return make(
                "stored",
                [
                    ("store", object.store), ("key", object.key), ("size", "\(object.size)"), ("etag", object.eTag),
                    ("digest", object.digest), ("keytext", object.keyText), ("at", "\(object.at.nanosecondsSince1970)"),
                ])
        case .noted: return make("noted")
        case .gone: return make("gone")
        case .ended: return make("ended")
        }
    }

    static func pairs(_ identity: FileIdentity) -> [(String, String?)] {
        [("dev", "\(identity.device)"), ("ino", "\(identity.inode)")]
    }
}

extension Generation {
    /// The first record of a generation; nil where it is none.
    package init?(_ record: Record) {
        guard record.kind == "planned", let id = record["id"], let rule = record["rule"], let log = record["log"],
            let method = record["method"].flatMap(Method.init(rawValue:)), let at = record.integer("at"),
            let folder = record["folder"], let name = record["name"], let size = record.integer("size"),
            let identity = FileIdentity(record)
        else { return nil }
        self.init(
            id: id, rule: rule, log: log, method: method, rotatedAt: WallInstant(nanosecondsSince1970: at),
            folder: folder, name: name, identity: identity, size: size)
    }

    /// Takes one record; false where it does not fit, which is damage.
    package mutating func apply(_ record: Record) -> Bool {
        switch record.kind {
        case "copied":
            guard let copy = CopyState(record), let identity = FileIdentity(record) else { return false }
            (self.copy, self.identity, stage) = (copy, identity, .copied)
        case "rotated":
            guard let name = record["name"], let size = record.integer("size"), let identity = FileIdentity(record)
            else { return false }
            (self.name, self.size, self.identity, stage, copy) = (name, size, identity, .rotated, nil)
        case "told": isTold = true
        case "adopted":
            guard let rule = record["rule"] else { return false }
            self.rule = rule
        case "ready":
            guard let size = record.integer("size") else { return false }
            (self.size, stage) = (size, .ready)
        case "surveyed":
            guard let survey = Survey(record) else { return false }
            self.survey = survey
        case "moving": nextName = record["to"]
        case "moved":
            guard let nextName else { return false }
            if let file = sealed, file.name == name {
                sealed = SealedFile(name: nextName, identity: file.identity, size: file.size, digest: file.digest)
            }
            (name, self.nextName) = (nextName, nil)
        case "attempt":
            guard let attempt = SealAttempt(record) else { return false }
            self.attempt = attempt
        case "attempt-ended": attempt = nil
        case "upload", "part", "sent": return attempt?.apply(record) ?? false
        case "sealing":
            guard let file = SealedFile(record) else { return false }
            sealing = file
        case "sealed":
            guard let file = SealedFile(record) else { return false }
            (sealed, sealing, name, stage) = (file, nil, file.name, .sealed)
        case "stored":
            guard let object = StoredObject(record) else { return false }
            (stored, stage) = (object, .stored)
        case "noted": stage = .noted
        case "gone": isGone = true
        default: return false
        }
        return true
    }
}

extension FileIdentity {
    init?(_ record: Record) {
        guard let device = record.unsigned("dev"), let inode = record.unsigned("ino") else { return nil }
        self.init(device: device, inode: inode)
    }
}

extension Generation.CopyState {
    fileprivate init?(_ record: Record) {
        guard let part = record["part"], let length = record.integer("length"),
            let device = record.unsigned("logdev"), let inode = record.unsigned("logino"),
            let logSize = record.integer("logsize"), let collapse = record["collapse"]
        else { return nil }
        self.init(
            part: part, length: length, logIdentity: FileIdentity(device: device, inode: inode), logSize: logSize,
            firstBlock: record.unsigned("block"), collapses: collapse == "1")
    }
}

extension Generation.SealedFile {
    fileprivate var pairs: [(String, String?)] {
        [("name", name), ("size", "\(size)"), ("digest", digest)] + GenerationEvent.pairs(identity)
    }

    fileprivate init?(_ record: Record) {
        guard let name = record["name"], let size = record.integer("size"), let digest = record["digest"],
            let identity = FileIdentity(record)
        else { return nil }
        self.init(name: name, identity: identity, size: size, digest: digest)
    }
}

extension Generation.StoredObject {
    fileprivate init?(_ record: Record) {
        guard let store = record["store"], let key = record["key"], let size = record.integer("size"),
            let eTag = record["etag"], let digest = record["digest"], let at = record.integer("at")
        else { return nil }
        self.init(
            store: store, key: key, size: size, eTag: eTag, digest: digest, keyText: record["keytext"],
            at: WallInstant(nanosecondsSince1970: at))
    }
}

extension Survey {
    var pairs: [(String, String?)] {
        [
            ("bytes", "\(bytes)"), ("lines", "\(lines)"), ("sha256", sha256), ("first", firstTime.map { "\($0)" }),
            ("last", lastTime.map { "\($0)" }),
        ]
    }

    init?(_ record: Record) {
        guard let bytes = record.integer("bytes"), let lines = record.integer("lines"), let digest = record["sha256"]
        else { return nil }
        self.init()
        self.bytes = bytes
        self.lines = lines
        sha256 = digest
        firstTime = record.integer("first")
        lastTime = record.integer("last")
    }
}

extension EnvelopeRecipe {
    private static let contextPrefix = "context-"

    /// The header as its parts, from which it is made again byte for byte.
    fileprivate var pairs: [(String, String?)] {
        let wrapped = header.wrapped
        return [
            ("salt", Hexadecimal.text(salt)), ("prefix", Hexadecimal.text(noncePrefix)),
            ("provider", wrapped.provider), ("keyid", wrapped.keyID), ("keyversion", wrapped.version),
            ("wrapped", Hexadecimal.text(wrapped.ciphertext)),
        ] + header.context.pairs.map { (EnvelopeRecipe.contextPrefix + $0.name, $0.value) }
    }

    fileprivate init?(_ record: Record, _ compression: CompressSettings.Algorithm) {
        guard let salt = record["salt"].flatMap(Hexadecimal.bytes),
            let prefix = record["prefix"].flatMap(Hexadecimal.bytes), let provider = record["provider"],
            let keyID = record["keyid"], let version = record["keyversion"],
            let ciphertext = record["wrapped"].flatMap(Hexadecimal.bytes)
        else { return nil }
        var context: [String: String] = [:]
        for (name, value) in zip(record.names, record.values) where name.hasPrefix(EnvelopeRecipe.contextPrefix) {
            context[String(name.dropFirst(EnvelopeRecipe.contextPrefix.count))] = value
        }
        let wrapped = WrappedKey(provider: provider, keyID: keyID, version: version, ciphertext: ciphertext)
        guard
            let header = try? EnvelopeHeader(
                compression: compression.rawValue, context: EnvelopeContext(context), wrapped: wrapped)
        else { return nil }
        self.init(header: header, salt: salt, noncePrefix: prefix)
    }
}

extension SealAttempt {
    fileprivate var pairs: [(String, String?)] {
        [
            ("number", "\(number)"), ("store", store), ("key", key), ("changed", "\(changedAt.nanosecondsSince1970)"),
            ("partbytes", "\(partBytes)"), ("compression", recipe.compression.rawValue), ("level", "\(recipe.level)"),
            ("frame", "\(recipe.frameBytes)"), ("long", recipe.long.map { "\($0)" }), ("engine", recipe.engine),
        ] + (recipe.envelope?.pairs ?? [])
    }

    fileprivate init?(_ record: Record) {
        guard let number = record.integer("number"), let store = record["store"], let key = record["key"],
            let changed = record.integer("changed"), let partBytes = record.integer("partbytes"),
            let compression = record["compression"].flatMap(CompressSettings.Algorithm.init(rawValue:)),
            let level = record.integer("level"), let frame = record.integer("frame"), let engine = record["engine"]
        else { return nil }
        let envelope = EnvelopeRecipe(record, compression)
        guard envelope != nil || record["salt"] == nil else { return nil }
        self.init(
            number: Int(number), store: store, key: key,
            recipe: SealRecipe(
                compression: compression, level: Int(level), frameBytes: Int(frame),
                long: record.integer("long").map { Int($0) }, engine: engine, envelope: envelope),
            changedAt: WallInstant(nanosecondsSince1970: changed), upload: nil, partBytes: Int(partBytes))
    }

    fileprivate mutating func apply(_ record: Record) -> Bool {
        switch record.kind {
        case "upload":
            guard let id = record["upload"] else { return false }
            upload = UploadID(key: key, id: id)
        case "part":
            guard let number = record.integer("n"), let digest = record["digest"], number == parts.count + 1
            else { return false }
            parts.append(Part(digest: digest))
        default:
            guard let number = record.integer("n").map({ Int($0) }), parts.indices.contains(number - 1),
                let eTag = record["etag"]
            else { return false }
            parts[number - 1].receipt = PartReceipt(number: number, eTag: eTag, crc32c: record["crc"])
        }
        return true
    }
}
