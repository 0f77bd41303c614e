import Base

/// Where a generation is kept in its store: `HOST/var/log/nginx/access.log/20261128T134500Z-0190a3….log.zst.enc`.
///
/// It follows from the generation alone, so that a second try of the same one cannot become a second object. Parts of the
/// log's path that a store or a file system might take for more than a name are percent-encoded.
struct ArchiveKey: Sendable {
    let text: String

    init(host: String, generation: Generation, recipe: SealRecipe) {
        let parts = [host] + generation.log.split(separator: "/").map(String.init)
        let time = ArchiveKey.compact(generation.rotatedAt)
        let suffix = recipe.compression.suffix + (recipe.envelope == nil ? "" : ".enc")
        text = parts.map(ArchiveKey.safe).joined(separator: "/") + "/\(time)-\(generation.id).log\(suffix)"
    }

    /// `20261128T134500Z`: what sorts by its bytes as by time.
    static func compact(_ time: WallInstant) -> String {
        let text = time.rfc3339
        let digits = text.prefix(19).filter { $0 != "-" && $0 != ":" }
        return "\(digits)Z"
    }

    static func safe(_ part: String) -> String {
        if part == "." || part == ".." { return part.utf8.map { _ in "%2e" }.joined() }
        return part.utf8.map { byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
            return isPlain ? String(UnicodeScalar(byte)) : "%" + Hexadecimal.text([byte])
        }.joined()
    }
}

extension CompressSettings.Algorithm {
    /// What comes to the end of a name.
    var suffix: String {
        switch self {
        case .zstd: ".zst"
        case .gzip: ".gz"
        case .none: ""
        }
    }
}

/// What an object says of itself (`x-amz-meta-…`).
enum ObjectMetadata {
    static func pairs(
        _ host: String, _ generation: Generation, _ survey: Survey, _ recipe: SealRecipe, tags: [String: String]
    ) -> [(name: String, value: String)] {
        var pairs: [(String, String?)] = [
            ("apus-generation", generation.id), ("apus-host", Record.escaped(host)),
            ("apus-log", Record.escaped(generation.log)), ("apus-rule", Record.escaped(generation.rule)),
            ("apus-rotated", generation.rotatedAt.rfc3339), ("apus-size", "\(survey.bytes)"),
            ("apus-lines", "\(survey.lines)"), ("apus-sha256", survey.sha256),
            ("apus-first", survey.firstTime.map(instant)), ("apus-last", survey.lastTime.map(instant)),
            ("apus-compression", recipe.compression.rawValue), ("apus-key", recipe.keyText.map { Record.escaped($0) }),
        ]
        if !tags.isEmpty {
            let text = tags.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
            pairs.append(("apus-tags", Record.escaped(text)))
        }
        return pairs.compactMap { name, value in value.map { (name: name, value: $0) } }
    }

    private static func instant(_ milliseconds: Int64) -> String {
        WallInstant(nanosecondsSince1970: milliseconds * 1_000_000).rfc3339
    }
}
