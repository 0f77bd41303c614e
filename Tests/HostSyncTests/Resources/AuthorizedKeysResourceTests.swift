import Testing

@testable import HostSync

/// `authorizedKeys`: how keys are read, and what is written where, with a user of a copy of /etc.
@Suite(.timeLimit(.minutes(5)))
struct AuthorizedKeysResourceTests {
    private static let key =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGrnkTl/PLg6RQAdA/n0JPDpUQjKHTGmzbCX+g5ZJ5tU"
    private static let second =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBBBkTl/PLg6RQAdA/n0JPDpUQjKHTGmzbCX+g5ZJ5tU"

    static let keyLines: [(line: String, isGood: Bool)] = [
        (key, true), ("\(key) eva@home", true), ("from=\"10.0.0.0/8\",command=\"a b\" \(key) c", true),
        ("command=\"ssh-ed25519 x\" \(second)", true), ("# \(key)", false), ("ssh-ed25519 AAAA", false),
        ("ssh-rsa \(key.dropFirst(12))", false), ("", false), ("eva", false), ("\(key)\nevil", false),
    ]

    @Test(arguments: keyLines)
    func keysAreRead(_ line: String, _ isGood: Bool) {
        #expect((AuthorizedKey(line) != nil) == isGood)
    }

    @Test(.enabled(if: ResourceHarness.canBox), arguments: LocalShell.allCases)
    func keysAreAddedReplacedAndRemoved(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell, isBoxed: true)
        try host.sh(
            "printf 'eva:x:4712:4712:Eva:/home/eva:/bin/false\\n' >>etc/passwd; printf 'eva:!:1:0:99999:7:::\\n' >>etc/shadow"
        )
        try host.sh("printf 'eva:x:4712:\\n' >>etc/group; mkdir home/eva; chown 4712:4712 home/eva; chmod 750 home/eva")
        host.loader.files["eva.pub"] = "# two\n\(Self.second) laptop\n"
        let first = try host.converge(
            host.declare(AuthorizedKeysResource.self, "{user: eva, keys: '\(Self.key) old'}"),
            host.declare(AuthorizedKeysResource.self, "{user: eva, sources: eva.pub}"))
        #expect(first.found == ["key", "key"])
        #expect(first.output.isEmpty)
        #expect(first.left.isEmpty)
        #expect(
            try host.inside("cat /home/eva/.ssh/authorized_keys; stat -c '%a %u:%g' /home/eva/.ssh /home/eva/.ssh/*")
                == "\(Self.key) old\n\(Self.second) laptop\n700 4712:4712\n600 4712:4712\n")
        try host.sh("printf '\\n# mine' >>home/eva/.ssh/authorized_keys; chmod 666 home/eva/.ssh/authorized_keys")
        let next = try host.converge(
            host.declare(AuthorizedKeysResource.self, "{user: eva, keys: 'restrict \(Self.key) new', exclusive: true}"))
        #expect(next.found == ["key", "key", "mode"])
        #expect(next.output.isEmpty)
        #expect(next.left.isEmpty)
        #expect(
            try host.inside("cat /home/eva/.ssh/authorized_keys; ls -A /home/eva/.ssh")
                == "restrict \(Self.key) new\n\n# mineauthorized_keys\n")
        let gone = try host.converge(
            host.declare(AuthorizedKeysResource.self, "{user: eva, keys: '\(Self.key)', state: absent}"))
        #expect(gone.left.isEmpty)
        #expect(try host.inside("cat /home/eva/.ssh/authorized_keys") == "\n# mine")
    }

    private static let traps = [
        "ln -s /etc/ssh home/eva/.ssh", "mkdir home/eva/.ssh",
        "mkdir home/eva/.ssh; ln -s /etc/shadow home/eva/.ssh/authorized_keys; chown -hR 4712 home/eva",
    ]

    @Test(.enabled(if: ResourceHarness.canBox), arguments: traps)
    func linksAndForeignFoldersAreNotWrittenThrough(_ trap: String) throws {
        let host = try ResourceHarness(.dash, isBoxed: true)
        try host.sh(
            "printf 'eva:x:4712:4712:Eva:/home/eva:/bin/sh\\n' >>etc/passwd; mkdir home/eva; chown 4712 home/eva; \(trap)"
        )
        let keys = try host.declare(AuthorizedKeysResource.self, "{user: eva, keys: '\(Self.key)'}")
        #expect(throws: ResourceFault.self) { try host.compare(keys) }
        #expect(try !host.probe([keys]).lines(AuthorizedKeysProbe.query).contains { $0.hasPrefix("line|") })
    }

    @Test func keysWaitForTheirUser() throws {
        var keys = try #require(
            ResourceHarness.read(AuthorizedKeysResource.self, "{user: eva, keys: '\(Self.key)'}").group)
        try keys.load(TestLoader())
        var host = HostState(ProbeAnswer())
        #expect(throws: ResourceFault.self) { try keys.compare(&host) }
        host.willProvide("user:eva")
        #expect(try keys.compare(&host).deferred != nil)
    }

    @Test(arguments: LocalShell.allCases)
    func keysOfACentralFolderAreRootsOwn(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell)
        let keys = try host.declare(AuthorizedKeysResource.self, "{user: eva, keys: '\(Self.key)', path: '@/eva'}")
        let outcome = try host.converge(keys)
        #expect(outcome.found == ["content", "key"])
        #expect(outcome.left.isEmpty)
        #expect(try host.sh("cat @/eva; stat -c %a @/eva") == "\(Self.key)\n644")
        try host.sh("chmod 777 @")
        #expect(throws: ResourceFault.self) { try host.compare(keys) }
    }
}
