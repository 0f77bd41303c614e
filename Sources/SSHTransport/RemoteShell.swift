package import Base

/// Which program opens the conversation with a host, and what it says to the far end.
///
/// The far end runs one loop that evaluates the lines that it reads from descriptor 3. It is never `sh -s`: dash and
/// busybox read ahead from a script on standard input, and would eat what follows. The loop is free of `!`, `\` and
/// newlines, so that csh and fish as login shells pass it on as it is.
package struct RemoteShell: Sendable, Equatable {
    package enum Route: Sendable, Equatable {
        case local
        case ssh(SSHTarget)
    }

    /// Another user on the host, by one sudo or doas for the whole conversation.
    package struct Become: Sendable, Equatable {
        package enum Method: String, Sendable { case sudo, doas }

        package var user: String
        package var method: Method
        /// Sent on standard input, and only when the prompt has asked for it. Nil: whoever asks is an error.
        package var password: Secret?

        package init(user: String = "root", method: Method = .sudo, password: Secret? = nil) {
            self.user = user
            self.method = method
            self.password = password
        }
    }

    package var route: Route
    package var become: Become?

    package init(route: Route, become: Become? = nil) {
        self.route = route
        self.become = become
    }

    static let loop = #"exec 3<&0 0</dev/null; while IFS= read -r l <&3; do eval "$l"; done"#

    /// What asks for the password; `nonce` keeps a host from asking for it by chance or by intent.
    static func prompt(_ nonce: String) -> String { "apus-password-\(nonce):" }

    /// The program with its arguments. No secret is among them.
    package func arguments(nonce: String) -> [String] {
        let words = becomeWords(nonce) + ["sh", "-c"]
        switch route {
        case .local: return words + [loop(nonce)]
        case .ssh(let target): return target.arguments + ["exec \(ShellText.quoted(words)) '\(loop(nonce))'"]
        }
    }

    /// Where a password may be asked for, the shell says that it is there before anything is sent to it: what came too
    /// early would be taken for the password. It holds no single quote.
    private func loop(_ nonce: String) -> String {
        become?.password == nil ? RemoteShell.loop : "echo; echo @@\(nonce) ready; \(RemoteShell.loop)"
    }

    private func becomeWords(_ nonce: String) -> [String] {
        guard let become else { return [] }
        switch become.method {
        case .doas: return ["doas", "-n", "-u", become.user]
        case .sudo:
            let ask = become.password == nil ? ["-n"] : ["-S", "-p", RemoteShell.prompt(nonce)]
            return ["sudo", "-H"] + ask + ["-u", become.user, "--"]
        }
    }
}

/// A host as OpenSSH reaches it. What is nil is left to the user's ssh_config.
package struct SSHTarget: Sendable, Equatable {
    package var address: String
    package var port: Int?
    package var user: String?
    package var identityFile: String?
    /// More arguments of ssh(1): `-o`, `ProxyJump=bastion`.
    package var options: [String]
    /// Take the key of a host that is not known yet. A changed key is refused all the same.
    package var acceptsNewHostKeys: Bool
    /// Whole seconds for the TCP connection and the banner.
    package var connectTimeoutSeconds: Int
    /// The program; another one is for tests.
    package var program: String
    /// In place of the user's ssh_config.
    package var configurationFile: String?

    package init(
        address: String, port: Int? = nil, user: String? = nil, identityFile: String? = nil, options: [String] = [],
        acceptsNewHostKeys: Bool = false, connectTimeoutSeconds: Int = 10, program: String = "ssh",
        configurationFile: String? = nil
    ) {
        self.address = address
        self.port = port
        self.user = user
        self.identityFile = identityFile
        self.options = options
        self.acceptsNewHostKeys = acceptsNewHostKeys
        self.connectTimeoutSeconds = connectTimeoutSeconds
        self.program = program
        self.configurationFile = configurationFile
    }

    /// Of an option that is given twice, ssh takes the first: ours come first, so that no file weakens them.
    var arguments: [String] {
        var words = [program]
        if let configurationFile { words += ["-F", configurationFile] }
        words += [
            "-T", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=\(acceptsNewHostKeys ? "accept-new" : "yes")",
            "-o", "ConnectTimeout=\(connectTimeoutSeconds)", "-o", "ServerAliveInterval=15", "-o",
            "ServerAliveCountMax=3", "-o", "ClearAllForwardings=yes", "-o", "ForwardX11=no",
        ]
        if let port { words += ["-p", "\(port)"] }
        if let user { words += ["-l", user] }
        if let identityFile { words += ["-i", identityFile, "-o", "IdentitiesOnly=yes"] }
        return words + options + ["--", address]
    }
}
