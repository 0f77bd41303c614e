import Testing

@testable import HostSync

/// `directory`, `symlink` and `absent` against real shells and a real file system.
@Suite(.timeLimit(.minutes(5)))
struct PathResourceTests {
    private static let tree: [TreeEntry] = [
        TreeEntry(path: "css", kind: .directory, mode: 0o755),
        TreeEntry(path: "css/main.css", kind: .file(.bytes(Array("a {}\n".utf8))), mode: 0o644),
        TreeEntry(path: "run", kind: .file(.bytes(Array("#!/bin/sh\n".utf8))), mode: 0o750),
        TreeEntry(path: "latest", kind: .link("css/main.css"), mode: 0o777),
    ]

    @Test(arguments: LocalShell.allCases)
    func makesAFolderWithItsParents(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell)
        let folder = try host.declare(DirectoryResource.self, "{path: '@/a b/c/d', mode: '2750'}")
        let outcome = try host.converge(folder)
        #expect(outcome.found == ["folder \(host.folder)/a b", "folder \(host.folder)/a b/c", "folder"])
        #expect(outcome.output.isEmpty)
        #expect(outcome.left.isEmpty)
        #expect(try host.sh("stat -c %a '@/a b' '@/a b/c' '@/a b/c/d'") == "755\n755\n2750")
        let plain = try host.declare(DirectoryResource.self, "{path: '@/a b/c/d', mode: '0750'}")
        #expect(try host.converge(plain).left.isEmpty, "the setgid bit goes when it is not declared")
    }

    @Test(arguments: LocalShell.allCases)
    func copiesATreeAndThenOnlyWhatDiffers(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell)
        host.loader.trees["www"] = Self.tree
        let folder = try host.declare(DirectoryResource.self, "{path: '@/www', source: www}")
        let first = try host.converge(folder)
        #expect(first.output.isEmpty)
        #expect(first.left.isEmpty)
        #expect(
            try host.sh("cat @/www/latest; stat -c %a @/www @/www/css @/www/css/main.css @/www/run")
                == "a {}\n755\n755\n644\n750")
        try host.sh(
            "echo b >@/www/css/main.css; chmod 600 @/www/run; ln -sfn elsewhere @/www/latest; echo own >@/www/own")
        let second = try host.converge(folder)
        #expect(second.found == ["content of css/main.css", "mode of run", "target of latest"])
        #expect(second.output.isEmpty)
        #expect(second.left.isEmpty)
        #expect(try host.sh("cat @/www/own") == "own")
    }

    @Test(arguments: LocalShell.allCases)
    func purgeRemovesWhatIsNotInSourceAndFollowsNoLink(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell)
        host.loader.trees["www"] = Self.tree
        try host.sh(
            "mkdir -p @/www/old/deep @/outside; echo x >@/outside/kept; ln -s ../outside @/www/away; echo y >@/www/old/deep/f; echo z >'@/www/a '\\''b'"
        )
        let folder = try host.declare(DirectoryResource.self, "{path: '@/www', source: www, purge: true}")
        let outcome = try host.converge(folder)
        #expect(outcome.found.filter { $0.hasPrefix("entry") } == ["entry a 'b", "entry away", "entry old"])
        #expect(outcome.output.isEmpty)
        #expect(outcome.left.isEmpty)
        #expect(try host.sh("ls @/www; cat @/outside/kept") == "css\nlatest\nrun\nx")
    }

    @Test(arguments: LocalShell.allCases)
    func recurseGivesModesToWhatIsThere(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell)
        try host.sh(
            "mkdir -p @/d/e; touch @/d/e/f @/d/g; chmod 777 @/d/e; chmod 666 @/d/e/f; chmod 640 @/d/g; ln -s g @/d/l")
        let folder = try host.declare(
            DirectoryResource.self, "{path: '@/d', recurse: true, fileMode: '0640', directoryMode: '0750'}")
        let outcome = try host.converge(folder)
        #expect(outcome.found == ["mode of e", "mode of e/f"])
        #expect(outcome.output.isEmpty)
        #expect(outcome.left.isEmpty)
        try host.sh("touch '@/d/odd\nname'")
        #expect(throws: ResourceFault.self) { try host.compare(folder) }
    }

    @Test func refusesToBePutInPlaceOfSomethingElse() throws {
        let host = try ResourceHarness()
        try host.sh("echo f >@/file; mkdir @/folder @/open; ln -s folder @/link; chmod 777 @/open")
        for yaml in ["{path: '@/file'}", "{path: '@/link'}", "{path: '@/open/x'}", "{path: '@/no/x', parents: false}"] {
            let folder = try host.declare(DirectoryResource.self, yaml)
            #expect(throws: ResourceFault.self, "\(yaml)") { try host.compare(folder) }
        }
        for yaml in ["{path: '@/file', target: x}", "{path: '@/folder', target: x, force: true}"] {
            let link = try host.declare(SymlinkResource.self, yaml)
            #expect(throws: ResourceFault.self, "\(yaml)") { try host.compare(link) }
        }
    }

    @Test(arguments: LocalShell.allCases)
    func linksAreComparedByTargetAndReplacedAtOnce(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell)
        try host.sh("mkdir @/one @/two; ln -s one @/link; echo f >@/file")
        let link = try host.declare(SymlinkResource.self, "{path: '@/link', target: two}")
        let outcome = try host.converge(link)
        #expect(outcome.differences == [Difference(what: "target", old: "one", new: "two")])
        #expect(outcome.output.isEmpty)
        #expect(outcome.left.isEmpty)
        #expect(try host.sh("readlink @/link; ls @/one") == "two")
        let odd = try host.declare(SymlinkResource.self, "{path: '@/file', target: \"-x'y z\", force: true}")
        #expect(try host.converge(odd).left.isEmpty)
        #expect(try host.sh("readlink @/file") == "-x'y z")
    }

    @Test(arguments: LocalShell.allCases)
    func absentRemovesAFileALinkAnEmptyFolderAndAWholeOneOnRequest(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell)
        try host.sh("mkdir -p @/empty @/full/deep; echo f >@/file; echo k >@/full/deep/k; ln -s full @/link")
        for name in ["file", "link", "empty", "none"] {
            let gone = try host.declare(AbsentResource.self, "{path: '@/\(name)'}")
            let outcome = try host.converge(gone)
            #expect(outcome.found == (name == "none" ? [] : ["existence"]))
            #expect(outcome.output.isEmpty)
            #expect(outcome.left.isEmpty)
        }
        #expect(try host.sh("cat @/full/deep/k") == "k")
        let full = try host.declare(AbsentResource.self, "{path: '@/full'}")
        #expect(throws: ResourceFault.self) { try host.compare(full) }
        let all = try host.declare(AbsentResource.self, "{path: '@/full', recursive: true}")
        #expect(try host.converge(all).left.isEmpty)
        #expect(try host.sh("ls @").isEmpty)
    }

    @Test(.enabled(if: ResourceHarness.canBox), arguments: LocalShell.allCases)
    func absentStopsBeforeAMount(_ shell: LocalShell) throws {
        let host = try ResourceHarness(shell, isBoxed: true)
        try host.sh("mkdir -p 'etc/x/in side'")
        let script =
            "mount -t tmpfs none '/etc/x/in side' && touch '/etc/x/in side/kept'\n"
            + "\(ApplyPrelude.text)\n\(PathFunctions.text)\napus_gone /etc/x all; ls '/etc/x/in side'"
        #expect(try host.inside(script).contains("/etc/x/in side is mounted there: unmount it first\nkept"))
    }

    @Test(arguments: [
        "/", "/etc", "//usr/", "/var/lib", "/usr/bin", "/home", "/etc/passwd", "/tmp", "/boot/efi",
    ])
    func absentRefusesWhatASystemNeeds(_ path: String) {
        #expect(ResourceHarness.read(AbsentResource.self, "{path: \(path), recursive: true}").group == nil)
    }

    @Test(arguments: ["/etc/motd", "/home/eva", "/opt/app", "/var/lib/app", "/data"])
    func absentAllowsTheRest(_ path: String) {
        #expect(ResourceHarness.read(AbsentResource.self, "{path: \(path), recursive: true}").group != nil)
    }

    @Test(arguments: [
        ("{path: /srv/x, purge: true}", "purge: needs source: without one it would remove everything"),
        ("{path: /etc, source: x, purge: true}", "purge: must not empty a folder that a system cannot be without"),
        ("{path: /srv/x, recurse: true}", "recurse: needs owner, group, fileMode or directoryMode to give"),
    ])
    func directoryIsCheckedAtLoad(_ yaml: String, _ complaint: String) {
        #expect(ResourceHarness.read(DirectoryResource.self, yaml).complaints == [complaint])
    }

    /// A host says what it likes: names from elsewhere, with dots, of another folder.
    @Test func aListingThatLiesRemovesNothingElsewhere() throws {
        var folder = DirectoryResource()
        (folder.path, folder.source, folder.purge) = ("/srv/x", "x", true)
        var answer = ProbeAnswer()
        for path in ["/srv", "/srv/x"] { answer.paths[path] = .present(PathStatus(kind: .directory, mode: 0o755)) }
        let lies = ["/etc/shadow", "/srv/xy", "/srv/x", "x", "/srv/x/mine"]
        let text =
            "tree|/srv/x\n" + lies.map { "81a4|0|0|root|root|1|\($0)\n" }.joined()
            + "tree|/other\n81a4|0|0|r|r|1|/srv/x/no\n"
        answer.queries["trees"] = (text, 0)
        var host = HostState(answer)
        #expect(try folder.compare(&host).differences.map(\.what) == ["entry mine"])
    }

    /// What cannot be handled is said, and not left as it is in silence.
    @Test(arguments: ["/srv/x/../../etc/shadow", "/srv/x/a\tb", "/srv/x/\(String(repeating: "n", count: 250))"])
    func aNameThatCannotBeHandledIsRefused(path: String) throws {
        var folder = DirectoryResource()
        (folder.path, folder.source, folder.purge) = ("/srv/x", "x", true)
        var answer = ProbeAnswer()
        for path in ["/srv", "/srv/x"] { answer.paths[path] = .present(PathStatus(kind: .directory, mode: 0o755)) }
        answer.queries["trees"] = ("tree|/srv/x\n81a4|0|0|root|root|1|\(path)\n", 0)
        var host = HostState(answer)
        #expect(throws: ResourceFault.self) { try folder.compare(&host) }
    }
}
