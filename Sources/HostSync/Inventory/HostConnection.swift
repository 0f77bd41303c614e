package import Base

/// How a host is reached and how its commands become root. All of it is checked: neither address nor user can be taken
/// for an option of ssh.
package struct HostConnection: Sendable, Equatable {
    package enum Transport: String, Sendable {
        case ssh
        /// Commands run on this host, without ssh.
        case local
    }

    /// A name or an address; an IPv6 address stands without brackets.
    package var address: String
    /// Nil leaves it to ssh_config(5).
    package var port: Int?
    /// Nil leaves it to ssh_config(5).
    package var user: String?
    /// As written; ssh itself expands `~` and `%h`.
    package var identityFile: String?
    /// Arguments of ssh(1), each as one: `-o`, `ProxyJump=bastion`.
    package var sshOptions: [String] = []
    package var transport = Transport.ssh
    /// Nil: commands run as the user who logs in.
    package var become: BecomeParameters?

    package init(address: String) {
        self.address = address
    }
}

/// Which user commands run as, and by which program.
package struct BecomeParameters: Sendable, Equatable {
    package enum Method: String, Sendable, CaseIterable {
        case sudo, doas
    }

    package var user = "root"
    package var method = Method.sudo
    /// Nil where none is declared: the program must not ask.
    package var password: Secret?
    /// A command of this host whose first line is the password, to be run when it is needed; empty for none. Never
    /// beside `password`.
    package var passwordCommand: [String] = []

    package init() {}
}
