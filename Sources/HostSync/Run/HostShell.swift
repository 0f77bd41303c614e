import Base
import SSHTransport

/// How the conversation with a host is opened, from what the inventory says of it.
enum HostShell {
    private static let mostPasswordBytes = 4096

    /// - Throws: `ApusError` `command-failed` when the command for a password fails.
    static func of(
        _ connection: HostConnection, connectTimeout: Duration, acceptsNewHostKeys: Bool, configurationFile: String?,
        redactor: Redactor
    ) throws(ApusError) -> RemoteShell {
        var become: RemoteShell.Become?
        if let declared = connection.become {
            become = RemoteShell.Become(
                user: declared.user, method: declared.method == .doas ? .doas : .sudo, password: declared.password)
            if !declared.passwordCommand.isEmpty {
                let output = try LocalCommand.output(declared.passwordCommand, limit: mostPasswordBytes)
                let password = String(output.split(separator: "\n").first ?? "")
                redactor.add(password)
                become?.password = Secret(password)
            }
        }
        switch connection.transport {
        case .local: return RemoteShell(route: .local, become: become)
        case .ssh:
            let target = SSHTarget(
                address: connection.address, port: connection.port, user: connection.user,
                identityFile: connection.identityFile, options: connection.sshOptions,
                acceptsNewHostKeys: acceptsNewHostKeys,
                connectTimeoutSeconds: max(1, Int(connectTimeout.inSeconds.rounded(.up))),
                configurationFile: configurationFile)
            return RemoteShell(route: .ssh(target), become: become)
        }
    }
}
