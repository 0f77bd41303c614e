import Testing

@testable import HostSync

/// `user` and `group`: the comparison on tables, and round trips with the machine's own useradd(8) on
/// a copy of /etc.
@Suite(.timeLimit(.minutes(5)))
struct AccountResourceTests {
    private static let hash = "$6$saltsalt$" + String(repeating: "a", count: 86)
    private static let other = "$6$othersalt$" + String(repeating: "b", count: 86)

    /// Declaration, shadow field and expiry on the host, and the aspects that differ.
    static let users: [(yaml: String, shadow: String, differs: [String])] = [
        ("shell: /bin/sh", "!", []),
        ("shell: /bin/bash", "!", ["shell"]),
        ("{uid: 1000, home: /home/eva, comment: Eva, group: eva}", "!", []),
        ("{uid: 1001, home: /srv/eva, comment: E, group: www}", "!", ["uid", "group", "comment", "home"]),
        ("groups: [www]", "!", []),
        ("groups: [www, adm]", "!", ["groups"]),
        ("groups: adm", "!", ["groups"]),
        ("{groups: [], exactGroups: true}", "!", ["groups"]),
        ("{groups: [eva, www], exactGroups: true}", "!", []),
        ("passwordHash: '\(hash)'", hash, []),
        ("passwordHash: '\(hash)'", "!" + hash, []),
        ("passwordHash: '\(hash)'", "!", ["password"]),
        ("passwordHash: '\(hash)'", "*", ["password"]),
        ("passwordHash: '\(hash)'", "!" + other, ["password"]),
        ("passwordHash: '*'", "*", []),
        ("passwordHash: '*'", "!*", []),
        ("passwordHash: '*'", "!!", ["password"]),
        ("{passwordHash: '\(hash)', locked: true}", "!" + hash, []),
        ("{passwordHash: '\(hash)', locked: true}", "!!" + hash, []),
        ("{passwordHash: '\(hash)', locked: false}", "!" + hash, ["locked"]),
        ("locked: true", "!", []),
        ("locked: true", other, ["locked"]),
        ("locked: false", other, []),
        ("expires: 2027-01-01", "!", []),
        ("expires: never", "!", ["expires"]),
        ("expires: 2027-01-02", "!", ["expires"]),
    ]

    private static func answer(shadow: String) -> ProbeAnswer {
        var answer = ProbeAnswer()
        answer.queries["accounts"] = (
            """
            p|eva:x:1000:1000:Eva:/home/eva:/bin/sh
            p|eva:x:0:0:a second line of the name:/:/bin/false
            p|broken:x:many
            g|eva:x:1000:
            g|www:x:33:eva,bob
            g|adm:x:4:
            shadow
            s|eva:\(shadow):19000:0:99999:7::20819:
            """, 0
        )
        return answer
    }

    @Test(arguments: users)
    func userIsComparedFieldByField(_ yaml: String, _ shadow: String, _ differs: [String]) throws {
        let body = yaml.hasPrefix("{") ? String(yaml.dropFirst().dropLast()) : yaml
        let read = ResourceHarness.read(UserResource.self, "{name: eva, \(body)}")
        let user = try #require(read.group, "\(read.complaints)")
        var host = HostState(Self.answer(shadow: shadow))
        let comparison = try user.compare(&host)
        #expect(comparison.differences.map(\.what) == differs)
        #expect(comparison.steps.isEmpty == differs.isEmpty)
        let shown = comparison.differences.map { "\($0)" }.joined() + comparison.steps.lines.joined()
        #expect(!shown.contains("$6$"), "a hash is in a difference or in the script")
    }

    @Test func unlockingWithoutAPasswordIsRefused() throws {
        let user = try #require(ResourceHarness.read(UserResource.self, "{name: eva, locked: false}").group)
        var host = HostState(Self.answer(shadow: "!"))
        #expect(throws: ResourceFault.self) { try user.compare(&host) }
    }

    @Test func aNewHashKeepsTheLock() throws {
        let user = try #require(
            ResourceHarness.read(UserResource.self, "{name: eva, passwordHash: '\(Self.hash)'}").group)
        for (field, sent) in [("!" + Self.other, "eva:!\(Self.hash)\n"), ("!!", "eva:\(Self.hash)\n")] {
            var host = HostState(Self.answer(shadow: field))
            #expect(try user.compare(&host).steps.contents == [.bytes(Array(sent.utf8))])
        }
    }

    @Test func aGroupThatIsMissingIsWaitedForOnlyWhenSomethingMayBringIt() throws {
        let user = try #require(ResourceHarness.read(UserResource.self, "{name: eva, groups: docker}").group)
        var host = HostState(Self.answer(shadow: "!"))
        #expect(throws: ResourceFault.self) { try user.compare(&host) }
        host.willProvide("package")
        #expect(try user.compare(&host).deferred != nil)
        host.willProvide("group:docker")
        #expect(try user.compare(&host).differences.map(\.what) == ["groups"])
    }

    @Test(arguments: [
        (
            "{name: eva, passwordHash: '!\(hash)'}",
            "passwordHash: must not begin with !: write locked: true beside the hash"
        ),
        (
            "{name: eva, passwordHash: hunter2}",
            "passwordHash: is no hash of crypt(5), which begins with $; never give a plain password"
        ),
        ("{name: root, state: absent}", "name: root cannot be absent"),
        ("{name: eva, exactGroups: true}", "exactGroups: needs groups"),
    ])
    func userIsCheckedAtLoad(_ yaml: String, _ complaint: String) {
        #expect(ResourceHarness.read(UserResource.self, yaml).complaints == [complaint])
    }

    @Test(arguments: ["-x", "a b", "1000", "ä", "a:b", "x;y", ""])
    func namesThatNoAccountCanHaveAreRefused(_ name: String) {
        #expect(ResourceHarness.read(UserResource.self, "{name: \"\(name)\"}").group == nil)
    }

    @Test(arguments: [
        ("1970-01-01", 0), ("2000-02-29", 11016), ("2027-01-01", 20819), ("2100-03-01", 47541), ("2023-02-29", nil),
        ("2023-13-01", nil), ("never", nil), ("20270101", nil), ("2027-1-1", nil),
    ])
    func datesAreDaysOfTheEpoch(_ text: String, _ days: Int?) {
        #expect(AccountExpiry(text)?.days == days)
    }

    @Test(.enabled(if: ResourceHarness.canBox), arguments: LocalShell.allCases)
    func accountsAreMadeChangedAndRemoved(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell, isBoxed: true)
        let group = try host.declare(GroupResource.self, "{name: crew, gid: 4711}")
        let made = try host.converge(
            group,
            host.declare(
                UserResource.self,
                """
                {name: eva, uid: 4712, group: crew, groups: [daemon], shell: /bin/bash, comment: "Eva's account",
                 passwordHash: '\(Self.hash)', expires: 2027-01-01}
                """))
        #expect(made.output.isEmpty)
        #expect(made.left.isEmpty)
        #expect(
            try host.inside(
                "grep ^eva: /etc/passwd; grep ^eva: /etc/shadow | cut -d: -f2,8; id -Gn eva; stat -c %U /home/eva")
                == "eva:x:4712:4711:Eva's account:/home/eva:/bin/bash\n\(Self.hash):20819\ncrew daemon\neva\n")
        let changed = try host.converge(
            host.declare(
                UserResource.self,
                "{name: eva, uid: 4713, groups: bin, exactGroups: true, shell: /bin/sh, locked: true, expires: never}"),
            host.declare(GroupResource.self, "{name: crew, gid: 4720, members: [daemon, bin], exactMembers: true}"))
        #expect(changed.found == ["uid", "shell", "groups", "locked", "expires", "gid", "members"])
        #expect(changed.output.isEmpty)
        #expect(changed.left.isEmpty)
        #expect(
            try host.inside("grep ^eva: /etc/shadow | cut -d: -f2; grep ^crew: /etc/group")
                == "!\(Self.hash)\ncrew:x:4720:daemon,bin\n")
        let gone = try host.converge(
            host.declare(UserResource.self, "{name: eva, state: absent, removeHome: true}"),
            host.declare(GroupResource.self, "{name: crew, state: absent}"))
        #expect(gone.left.isEmpty)
        #expect(try host.inside("grep -E '^(eva|crew):' /etc/passwd /etc/group /etc/shadow; ls /home").isEmpty)
    }

    @Test(.enabled(if: ResourceHarness.canBox))
    func aUserTakesTheGroupOfItsNameThatTheSamePlanMakes() throws {
        let host = try ResourceHarness(.dash, isBoxed: true)
        let outcome = try host.converge(
            host.declare(GroupResource.self, "{name: eva, gid: 4711}"), host.declare(UserResource.self, "{name: eva}"))
        #expect(outcome.output.isEmpty)
        #expect(outcome.left.isEmpty)
        #expect(try host.inside("id -g eva") == "4711\n")
    }

    /// What is left of the steps where the shadow suite is not installed.
    @Test(.enabled(if: ResourceHarness.canBox), arguments: LocalShell.allCases)
    func tablesAreEditedWhereThereIsNoUsermod(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell, isBoxed: true)
        try host.sh(
            "printf 'eva:x:4712:4712:Eva:/home/eva:/bin/sh\\n' >>etc/passwd; printf 'eva:!:1:0:99999:7:::\\n' >>etc/shadow"
        )
        try host.sh("printf 'crew:x:4711:bin\\nempty:x:4710:\\n' >>etc/group; stat -c %a etc/shadow >work/mode")
        let functions = AccountFunctions.text.replacing("command -v \"$1\"", with: "false \"$1\"")
        let output = try host.inside(
            """
            \(ApplyPrelude.text)
            \(functions)
            set -e
            apus_field /etc/passwd eva 5 'E\\ & "x"'; apus_field /etc/passwd eva 7 /bin/bash
            apus_field /etc/shadow eva 8 20819
            apus_member crew eva add; apus_member crew eva add; apus_member crew bin remove; apus_member empty eva add
            apus_member empty eva remove
            grep ^eva: /etc/passwd /etc/shadow; grep -E '^(crew|empty):' /etc/group; apus_gid crew; apus_gid 12
            stat -c %a /etc/shadow
            """)
        #expect(
            output == """
                /etc/passwd:eva:x:4712:4712:E\\ & "x":/home/eva:/bin/bash
                /etc/shadow:eva:!:1:0:99999:7::20819:
                crew:x:4711:eva
                empty:x:4710:
                4711
                12
                \(try host.sh("cat work/mode"))

                """)
    }

    /// By crypt(3) of Debian and by `openssl passwd`.
    static let hashes: [(password: String, hash: String)] = [
        (
            "Hello world!",
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
        ),
        ("Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
        (
            "correct horse battery staple, correct horse battery staple, correct horse",
            "$6$0123456789abcdef$hfR2bvdHMap8QYkM6.gWKkfFMGfwOQk/6t7KFEinR/tJgNQ4yDD63.fk85j1L4q8fGN0h8SC3pboJdlqXRJCt/"
        ),
        ("pässwörd", "$6$x.y/z$rAnZWio5pwbJ9giQ0oj9hiCrlBMSP.G7EHF/CcGWpXGT2KEWuKdz2OZiresbJjbyh2fasnwyHGpLE/Ncn/wR4."),
        (
            "correct horse battery staple, correct horse battery staple, correct horse",
            "$5$0123456789abcdef$DUydqivws.z420z5/dfryTOp7en3EiSD5FEn18jXLLC"
        ),
        ("pässwörd", "$5$x.y/z$EgRJOlCpufkVCgxZ/Q4sSuRX0.xKMs/79O0UK3JYKhC"),
        (
            "Hello world!",
            "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v."
        ),
    ]

    @Test(arguments: hashes)
    func passwordsAreHashedWithTheSaltThatIsThere(_ password: String, _ hash: String) {
        #expect(PasswordHash.matches(password, hash))
        #expect(!PasswordHash.matches(password + "x", hash))
    }

    @Test func aPlainPasswordIsSetOnceAndNeverShown() throws {
        let user = try #require(ResourceHarness.read(UserResource.self, "{name: eva, password: hunter2}").group)
        #expect(!"\(user)".contains("hunter2"))
        var host = HostState(Self.answer(shadow: "$y$j9T$salt$other"))
        let comparison = try user.compare(&host)
        #expect(comparison.differences == [Difference(what: "password", old: "set", new: "differs")])
        guard case .bytes(let bytes)? = comparison.steps.contents.first else { return #expect(Bool(false)) }
        let field = String(decoding: bytes, as: UTF8.self).dropFirst(4).dropLast()
        #expect(field.hasPrefix("$6$"))
        var again = HostState(Self.answer(shadow: String(field)))
        #expect(try user.compare(&again).differences.isEmpty)
        var hostile = HostState(Self.answer(shadow: "$6$rounds=999999999$salt$x"))
        #expect(try user.compare(&hostile).differences.map(\.what) == ["password"])
    }
}
