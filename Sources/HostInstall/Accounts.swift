import Base

/// The service's account, read from the root's own `passwd` and `group`: the static binary has no getpwnam(3), whose
/// modules would be those of the build host anyway, and an image's accounts are not the host's.
enum Accounts {
    static let name = "apus"

    static func read(_ paths: RootedPath) -> HostFacts.Account {
        HostFacts.Account(
            user: number(of: name, in: text("/etc/passwd", paths)),
            group: number(of: name, in: text("/etc/group", paths)))
    }

    /// The third field of the first line for `name`; passwd(5) and group(5) agree on that much.
    static func number(of name: String, in table: String) -> UInt32? {
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count > 2, fields[0] == name { return UInt32(fields[2]) }
        }
        return nil
    }

    private static func text(_ path: String, _ paths: RootedPath) -> String {
        guard let place = try? paths.resolve(path, followsLast: true),
            let content = try? Files.read(place, limit: 16 << 20)
        else { return "" }
        return String(decoding: content, as: UTF8.self)
    }
}
