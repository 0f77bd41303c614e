/// What stands at a path of a host, as lstat(2) saw it.
package struct PathStatus: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case file, directory, link, other

        /// With article, for people.
        var name: String {
            switch self {
            case .file: "a file"
            case .directory: "a directory"
            case .link: "a symbolic link"
            case .other: "a device, socket or pipe"
            }
        }
    }

    package var kind: Kind
    /// Permission bits with setuid, setgid and sticky: 0o7777 at most.
    package var mode: UInt32
    package var uid: Int
    package var gid: Int
    /// The name by the host's own tables; nil where it has none.
    package var owner: String?
    package var group: String?
    package var size: Int
    /// Of a link.
    package var target: String?
    /// SHA-256 of a file's content in hexadecimal; nil where it was not asked for, or could not be read.
    package var digest: String?

    package init(
        kind: Kind, mode: UInt32, uid: Int = 0, gid: Int = 0, owner: String? = nil, group: String? = nil, size: Int = 0,
        target: String? = nil, digest: String? = nil
    ) {
        self.kind = kind
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.owner = owner
        self.group = group
        self.size = size
        self.target = target
        self.digest = digest
    }

    /// Whether the owner is `name`, which may be a number.
    func isOwned(by name: String) -> Bool { Int(name).map { $0 == uid } ?? (owner == name) }
    func isInGroup(_ name: String) -> Bool { Int(name).map { $0 == gid } ?? (group == name) }

    var ownerText: String { owner ?? "\(uid)" }
    var groupText: String { group ?? "\(gid)" }

    static func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }
}
