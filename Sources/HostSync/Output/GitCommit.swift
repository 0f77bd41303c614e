import Base
import Glibc

/// The commit that a folder's checkout stands at, read from `.git` without a git program.
enum GitCommit {
    private static let mostBytes = 1 << 20

    /// Nil outside of a checkout, or where it does not read.
    static func of(folder: String) -> String? {
        guard let pointer = realpath(folder, nil) else { return nil }
        defer { free(pointer) }
        var path = String(cString: pointer)
        while true {
            if let commit = commit(in: path + "/.git") { return commit }
            guard let slash = path.lastIndex(of: "/"), !path.isEmpty else { return nil }
            path = String(path[..<slash])
        }
    }

    private static func commit(in git: String) -> String? {
        guard let head = text("\(git)/HEAD") else { return nil }
        guard head.hasPrefix("ref: ") else { return isCommit(head) ? head : nil }
        let name = head.dropFirst(5)
        if let loose = text("\(git)/\(name)"), isCommit(loose) { return loose }
        let packed = text("\(git)/packed-refs")?.split(separator: "\n").first { $0.hasSuffix(" \(name)") }
        return packed.map { String($0.prefix(40)) }.flatMap { isCommit($0) ? $0 : nil }
    }

    private static func text(_ path: String) -> String? {
        (try? Files.read(path, limit: mostBytes)).map { String(decoding: $0, as: UTF8.self).trimmed }
    }

    private static func isCommit(_ text: String) -> Bool {
        [40, 64].contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
