/// What was asked of an installation.
package struct InstallOptions: Sendable {
    /// `/`, or the folder that holds the tree of an image, a package or a chroot.
    package var root: String
    /// Whether systemd shall hold the admin endpoint's socket.
    package var withSocket: Bool
    /// Whether `apus logs run` gets a unit of its own, as root.
    package var withLogs: Bool
    /// The version of the systemd that will run there; nil asks the host, where the root is its own.
    package var systemdVersion: Int?
    package var completions: Completions

    package init(
        root: String = "/", withSocket: Bool = false, withLogs: Bool = false, systemdVersion: Int? = nil,
        completions: Completions = Completions()
    ) {
        self.root = root
        self.withSocket = withSocket
        self.withLogs = withLogs
        self.systemdVersion = systemdVersion
        self.completions = completions
    }

    /// Scripts for shells; an empty one is not installed.
    package struct Completions: Sendable {
        package var bash: String
        package var zsh: String
        package var fish: String

        package init(bash: String = "", zsh: String = "", fish: String = "") {
            self.bash = bash
            self.zsh = zsh
            self.fish = fish
        }
    }
}
