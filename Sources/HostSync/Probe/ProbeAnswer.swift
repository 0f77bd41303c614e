/// What a host answered to a `ProbeRequest`. It comes from a machine that may lie, be broken or be hostile: every line
/// that does not read as what was asked for is ignored, and nothing here traps.
package struct ProbeAnswer: Sendable, Equatable {
    package enum PathAnswer: Sendable, Equatable {
        case absent
        case present(PathStatus)
        /// There may be something, but the user whom we are on the host may not see it: why.
        case unreadable(String)
    }

    package var facts = HostFacts.none
    /// Paths that are not here are absent.
    package var paths: [String: PathAnswer] = [:]
    package var contents: [String: [UInt8]] = [:]
    /// Output and exit code by the query's name.
    package var queries: [String: (text: String, code: Int)] = [:]

    package init() {}

    package static func == (left: ProbeAnswer, right: ProbeAnswer) -> Bool {
        left.facts == right.facts && left.paths == right.paths && left.contents == right.contents
            && left.queries.mapValues(\.text) == right.queries.mapValues(\.text)
    }

    /// Adds one section.
    ///
    /// - Parameters:
    ///   - asked: The paths of the request, of which alone an answer is taken.
    mutating func take(_ section: ProbeScript.Section, _ bytes: [UInt8], code: Int, asked: Set<String>) {
        switch section {
        case .facts: facts = HostFacts(parsing: String(decoding: bytes, as: UTF8.self))
        case .paths: takePaths(String(decoding: bytes, as: UTF8.self), asked)
        case .links: takeLinks(String(decoding: bytes, as: UTF8.self))
        case .digests: takeDigests(String(decoding: bytes, as: UTF8.self))
        case .content(let path): contents[path] = bytes
        case .query(let name): queries[name] = (String(decoding: bytes, as: UTF8.self), code)
        }
    }

    /// Takes over what another leg brought.
    mutating func merge(_ other: ProbeAnswer) {
        paths.merge(other.paths) { $1 }
        contents.merge(other.contents) { $1 }
        queries.merge(other.queries) { $1 }
    }

    // MARK: stat(1)

    private mutating func takePaths(_ text: String, _ asked: Set<String>) {
        var listing = ListingReader()
        for line in text.split(separator: "\n") {
            if line.hasPrefix("stat: ") {
                guard let (path, reason) = ProbeAnswer.complaint(line), asked.contains(path),
                    reason != "No such file or directory", reason != "Not a directory"
                else { continue }
                paths[path] = .unreadable(reason)
            } else if let (path, status) = ProbeAnswer.status(line) ?? listing.take(line), asked.contains(path) {
                paths[path] = .present(status)
            }
        }
    }

    /// `81a4|0|0|root|root|12|/etc/motd`; the path comes last, since it may hold anything but a newline.
    private static func status(_ line: Substring) -> (String, PathStatus)? {
        let fields = line.split(separator: "|", maxSplits: 6, omittingEmptySubsequences: false)
        guard fields.count == 7, let mode = UInt32(fields[0], radix: 16), let uid = Int(fields[1]),
            let gid = Int(fields[2]), let size = Int(fields[5])
        else { return nil }
        let kind: PathStatus.Kind =
            switch mode & 0o170000 {
            case 0o100000: .file
            case 0o040000: .directory
            case 0o120000: .link
            default: .other
            }
        return (
            String(fields[6]),
            PathStatus(
                kind: kind, mode: mode & 0o7777, uid: uid, gid: gid, owner: name(fields[3]), group: name(fields[4]),
                size: size)
        )
    }

    private static func name(_ field: Substring) -> String? {
        field.isEmpty || field == "UNKNOWN" ? nil : String(field)
    }

    /// `stat: cannot statx '/root/x': Permission denied` (GNU), `stat: can't stat '/root/x': …` (busybox).
    private static func complaint(_ line: Substring) -> (String, String)? {
        guard let quote = line.firstIndex(of: "'") else { return nil }
        let start = line.index(after: quote)
        guard let end = line.lastRange(of: "': ", from: start) else { return nil }
        return (String(line[start..<end.lowerBound]), String(line[end.upperBound...]))
    }

    private mutating func takeLinks(_ text: String) {
        for line in text.split(separator: "\n") {
            // A path may hold the separator: the one that is known decides.
            var place = line.startIndex
            while let bar = line[place...].firstIndex(of: "|") {
                let path = String(line[..<bar])
                if case .present(var status)? = paths[path], status.kind == .link {
                    status.target = String(line[line.index(after: bar)...])
                    paths[path] = .present(status)
                    break
                }
                place = line.index(after: bar)
            }
        }
    }

    /// `<64 digits>  <path>`; openssl writes ` *` between them. A `\` before the digest says that the path is escaped.
    private mutating func takeDigests(_ text: String) {
        for line in text.split(separator: "\n") {
            let isEscaped = line.first == "\\"
            let rest = isEscaped ? line.dropFirst() : line
            let digest = rest.prefix(64)
            guard digest.utf8.count == 64, digest.utf8.allSatisfy(ProbeAnswer.isHexadecimal),
                rest.dropFirst(64).hasPrefix("  ") || rest.dropFirst(64).hasPrefix(" *")
            else { continue }
            var path = String(rest.dropFirst(66))
            if isEscaped { path = path.replacing("\\\\", with: "\\") }
            if case .present(var status)? = paths[path] {
                status.digest = String(digest)
                paths[path] = .present(status)
            }
        }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }
}

/// Reads the three lines a path that `apus_stat` writes where stat(1) has no `-c`: `ls -ldn`, `ls -ld`, the path.
private struct ListingReader {
    private var numeric: [Substring] = []
    private var named: [Substring] = []

    mutating func take(_ line: Substring) -> (String, PathStatus)? {
        if line.hasPrefix("ls|") {
            numeric = line.dropFirst(3).split(separator: " ", maxSplits: 5)
        } else if line.hasPrefix("names|") {
            named = line.dropFirst(6).split(separator: " ", maxSplits: 5)
        } else if line.hasPrefix("path|") {
            defer { (numeric, named) = ([], []) }
            guard numeric.count >= 5, named.count >= 5, let uid = Int(numeric[2]), let gid = Int(numeric[3]),
                let (kind, mode) = ListingReader.mode(numeric[0])
            else { return nil }
            let status = PathStatus(
                kind: kind, mode: mode, uid: uid, gid: gid, owner: Int(named[2]) == nil ? String(named[2]) : nil,
                group: Int(named[3]) == nil ? String(named[3]) : nil, size: Int(numeric[4]) ?? 0)
            return (String(line.dropFirst(5)), status)
        }
        return nil
    }

    /// `drwxr-sr-t`
    private static func mode(_ text: Substring) -> (PathStatus.Kind, UInt32)? {
        let letters = Array(text.utf8.prefix(10))
        guard letters.count == 10 else { return nil }
        let kind: PathStatus.Kind =
            switch letters[0] {
            case UInt8(ascii: "-"): .file
            case UInt8(ascii: "d"): .directory
            case UInt8(ascii: "l"): .link
            default: .other
            }
        var mode: UInt32 = 0
        for (place, letter) in letters.dropFirst().enumerated() {
            let bit = UInt32(1) << UInt32(8 - place)
            let special = UInt32(0o4000) >> UInt32(place / 3)
            switch letter {
            case UInt8(ascii: "-"): break
            case UInt8(ascii: "s"), UInt8(ascii: "t"): mode |= bit | special
            case UInt8(ascii: "S"), UInt8(ascii: "T"): mode |= special
            default: mode |= bit
            }
        }
        return (kind, mode)
    }
}

extension Substring {
    fileprivate func lastRange(of needle: String, from start: Index) -> Range<Index>? {
        self[start...].ranges(of: needle).last
    }
}
