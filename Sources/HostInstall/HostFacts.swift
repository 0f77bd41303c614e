/// What was found on the host before anything is decided.
package struct HostFacts: Sendable, Equatable {
    package enum Found: Sendable, Equatable {
        case nothing
        case file(Attributes, FoundContent)
        case folder(Attributes)
        /// A symbolic link, which is never followed: where it points.
        case link(String)
        /// A device, a socket, a FIFO.
        case other
    }

    package struct Attributes: Sendable, Equatable {
        package var mode: UInt32
        package var user: UInt32
        package var group: UInt32

        package init(mode: UInt32, user: UInt32 = 0, group: UInt32 = 0) {
            self.mode = mode
            self.user = user
            self.group = group
        }
    }

    package enum FoundContent: Sendable, Equatable {
        case same
        /// The old bytes where it is a text, for showing the difference.
        case differs([UInt8]?)
    }

    /// The numbers of the account that the service runs under, nil where it does not exist.
    package struct Account: Sendable, Equatable {
        package var user: UInt32?
        package var group: UInt32?

        package init(user: UInt32? = nil, group: UInt32? = nil) {
            self.user = user
            self.group = group
        }
    }

    /// Whether the root is the host's own.
    package var isOwnRoot: Bool
    /// Whether owners can be set.
    package var isPrivileged: Bool
    /// Whether systemd is the running init of this host (sd_booted(3)).
    package var systemdRuns: Bool
    package var systemdVersion: Int?
    package var account: Account
    /// By the path of the item.
    package var found: [String: Found]
    /// By the path of the item: why it could not be written (a read-only file system, a link to nothing in the way).
    package var hindrances: [String: String]

    package init(
        isOwnRoot: Bool = true, isPrivileged: Bool = true, systemdRuns: Bool = true, systemdVersion: Int? = 252,
        account: Account = Account(), found: [String: Found] = [:], hindrances: [String: String] = [:]
    ) {
        self.isOwnRoot = isOwnRoot
        self.isPrivileged = isPrivileged
        self.systemdRuns = systemdRuns
        self.systemdVersion = systemdVersion
        self.account = account
        self.found = found
        self.hindrances = hindrances
    }

    /// Whether systemd's own programs make the account and take over the units in this run.
    package var systemdTakesOver: Bool { isOwnRoot && systemdRuns }
}
