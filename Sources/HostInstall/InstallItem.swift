/// One thing that an installation puts on a host: a file or a folder at a fixed place, with its mode and owner.
package struct InstallItem: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        case folder
        case text([UInt8])
        /// The program that is running now.
        case program
    }

    /// What has to happen when it changes, and whose it is.
    package enum Role: Sendable, Equatable {
        case program, unit, account, folder, completion
        /// Written once; from then on it is the administrator's and never touched again.
        case configuration
    }

    /// By name: its number is known only on the host.
    package enum Owner: Sendable, Equatable {
        case root, service
    }

    /// As on the host: absolute, whatever root is installed into.
    package let path: String
    package let content: Content
    package let role: Role
    package let mode: UInt32
    package let user: Owner
    package let group: Owner

    package init(
        _ path: String, _ content: Content, role: Role, mode: UInt32, user: Owner = .root, group: Owner = .root
    ) {
        self.path = path
        self.content = content
        self.role = role
        self.mode = mode
        self.user = user
        self.group = group
    }
}
