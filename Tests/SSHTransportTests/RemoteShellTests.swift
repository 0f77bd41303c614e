import Base
import SSHTransport
import Testing

@Suite struct RemoteShellTests {
    @Test func keepsSecretsOutOfTheArguments() {
        var shell = RemoteShell(
            route: .ssh(SSHTarget(address: "web1", port: 2222, user: "admin")),
            become: .init(password: Secret("correct horse")))
        #expect(!shell.arguments(nonce: "n").joined(separator: " ").contains("horse"))
        shell.route = .local
        #expect(!shell.arguments(nonce: "n").joined(separator: " ").contains("horse"))
    }

    @Test func checksHostKeysWhateverAFileSays() throws {
        let target = SSHTarget(address: "web1", options: ["-o", "StrictHostKeyChecking=no"])
        let words = RemoteShell(route: .ssh(target)).arguments(nonce: "n")
        // ssh takes the first of an option that is given twice.
        let ours = try #require(words.firstIndex(of: "StrictHostKeyChecking=yes"))
        let theirs = try #require(words.firstIndex(of: "StrictHostKeyChecking=no"))
        #expect(ours < theirs)
        let dashes = try #require(words.firstIndex(of: "--"))
        #expect(Array(words[(dashes + 1)...].prefix(1)) == ["web1"])
    }

    @Test(
        arguments: [
            (nil, "exec sh -c '"), (RemoteShell.Become(), "exec sudo -H -n -u root -- sh -c '"),
            (RemoteShell.Become(user: "app", method: .doas), "exec doas -n -u app sh -c '"),
            (
                RemoteShell.Become(password: Secret("x")),
                "exec sudo -H -S -p apus-password-n: -u root -- sh -c 'echo; echo @@n ready; exec"
            ),
        ] as [(RemoteShell.Become?, String)])
    func startsOneShellAsTheRightUser(become: RemoteShell.Become?, start: String) {
        let command = RemoteShell(route: .ssh(SSHTarget(address: "h")), become: become).arguments(nonce: "n").last ?? ""
        #expect(command.hasPrefix(start))
        // csh and fish as login shells give these a meaning of their own.
        #expect(!command.contains("!") && !command.contains("\\") && !command.contains("\n"))
    }

    @Test(arguments: [
        ("plain", "plain"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("$(rm)", "'$(rm)'"),
        ("a\nb", "'a\nb'"), ("-n", "-n"), ("ä", "'ä'"), ("a\u{0}b", "'ab'"),
    ])
    func quotesForTheShell(text: String, expected: String) {
        #expect(ShellText.quoted(text) == expected)
    }
}
