import Base
import Glibc
import TestKit
import Testing

/// Links that another user of the host has planted where root is going to write.
@Suite(.timeLimit(.minutes(10))) struct SyncLinkAttackTests {
    private let bench: SyncBench
    private var host: SSHHosts.Host { bench.host }

    init() async throws {
        bench = try await SyncBench()
        // What root owns and the attacker wants changed.
        try await host.prepare(
            "mkdir -m 0700 /srv/target && echo mine >/srv/target/file && chmod 0600 /srv/target/file")
    }

    private static let untouched = "700 0:0 | 600 0:0 | mine\n | file\n"

    private func target() async throws -> String {
        let names = try await host.run("ls -A /srv/target").output
        return [
            host.ownership("/srv/target") ?? "", host.ownership("/srv/target/file") ?? "",
            host.text("/srv/target/file") ?? "", names,
        ].joined(separator: " | ")
    }

    /// Where the link stands when the run begins.
    private static let atDestination = [
        "file: { path: /tmp/x, content: evil }", "file: { path: /tmp/x, mode: \"0666\" }",
        "file: { path: /tmp/x, content: evil, force: true }", "file: { path: /tmp/x, content: evil, inPlace: true }",
        "line: { path: /tmp/x, line: evil }", "block: { path: /tmp/x, block: evil }",
        "file: { path: /tmp/x, content: evil, backup: true, force: true }",
    ]

    @Test(arguments: atDestination) func atTheDestinationIsNeverFollowed(resource: String) async throws {
        try await host.prepare("su admin -c 'ln -s /srv/target/file /tmp/x'")
        try bench.site("resources:\n  - \(resource)")
        let run = try await bench.run("apply")
        #expect(try await target() == Self.untouched, "\(run.all)")
        if resource.contains("force") {
            #expect(run.code == 0, "\(run.all)")
            #expect(try await host.run("[ ! -L /tmp/x ] && cat /tmp/x").output == "evil")
        } else {
            #expect(run.code == 1, "\(run.all)")
            #expect(run.report?.error?.message.contains("link") == true, "\(run.all)")
        }
    }

    @Test func atTheDestinationOfAFolderIsNeverFollowed() async throws {
        try await host.prepare("su admin -c 'ln -s /srv/target /tmp/x'")
        try bench.folder.write("content", "evil")
        mkdir("\(bench.folder.path)/tree", 0o755)
        try bench.folder.write("tree/file", "evil")
        for resource in [
            "directory: { path: /tmp/x, mode: \"0777\", owner: admin }", "directory: { path: /tmp/x, source: tree }",
            "directory: { path: /tmp/x, source: tree, purge: true }",
            "directory: { path: /tmp/x, recurse: true, owner: admin, fileMode: \"0666\" }",
        ] {
            try bench.site("resources:\n  - \(resource)")
            let run = try await bench.run("apply")
            #expect(run.code == 1, "\(resource): \(run.all)")
            #expect(try await target() == Self.untouched, "\(resource)")
        }
        // A link is removed, and not what it points to.
        try bench.site("resources:\n  - absent: { path: /tmp/x, recursive: true }")
        #expect(try await bench.run("apply").code == 0)
        #expect(try await target() == Self.untouched)
        #expect(!host.has("/tmp/x"))
    }

    private static let belowParent = [
        "file: { path: /tmp/d/file, content: evil }", "file: { path: /tmp/d/new, content: evil }",
        "file: { path: /tmp/d/file, mode: \"0666\" }", "file: { path: /tmp/d/file, owner: admin }",
        "file: { path: /tmp/d/file, content: evil, inPlace: true }", "line: { path: /tmp/d/file, line: evil }",
        "block: { path: /tmp/d/file, block: evil }", "symlink: { path: /tmp/d/link, target: evil }",
        "symlink: { path: /tmp/d/file, target: evil, force: true }", "directory: { path: /tmp/d/sub }",
        "absent: { path: /tmp/d/file }", "directory: { path: /tmp/d/sub/below, mode: \"0777\" }",
        "hostsEntry: { ip: 192.0.2.1, names: evil, path: /tmp/d/file }",
    ]

    /// `/tmp/d` is a link of the attacker's to a folder of root's.
    @Test func aParentThatIsALinkOfAnotherUserIsRefused() async throws {
        try await host.prepare("su admin -c 'ln -s /srv/target /tmp/d'")
        for resource in Self.belowParent {
            try bench.site("resources:\n  - \(resource)")
            let run = try await bench.run("apply")
            #expect(run.code == 1, "\(resource): \(run.all)")
            #expect(run.report?.error?.message.contains("link") == true, "\(resource): \(run.all)")
            #expect(try await target() == Self.untouched, "\(resource)")
        }
        // Of root's own links, the way may lead over them.
        try await host.prepare("rm /tmp/d; ln -s /srv/target /srv/way")
        try bench.site("resources:\n  - file: { path: /srv/way/new, content: mine }")
        let run = try await bench.run("apply")
        #expect(run.code == 0, "\(run.all)")
        #expect(host.text("/srv/target/new") == "mine")
    }

    /// The link is planted after the host was looked at, and before the change.
    @Test func aLinkThatAppearsMeanwhileIsRefused() async throws {
        let cases = [
            ("ln -s /srv/target/file /tmp/x", "file: { path: /tmp/x, content: evil }"),
            ("ln -s /srv/target /tmp/x", "directory: { path: /tmp/x, mode: \"0777\" }"),
            ("ln -s /srv/target /tmp/x", "file: { path: /tmp/x/file, content: evil }"),
            ("ln -s /srv/target /tmp/x", "directory: { path: /tmp/x/sub }"),
            ("ln -s /srv/target/file /tmp/x", "line: { path: /tmp/x, line: evil, create: true }"),
            ("rm -rf /tmp/x; ln -s /srv/target/file /tmp/x", "file: { path: /tmp/x, mode: \"0666\" }"),
            ("rm -rf /tmp/x; ln -s /srv/target/file /tmp/x", "file: { path: /tmp/x, owner: ops }"),
            ("rm -rf /tmp/x; ln -s /srv/target /tmp/x", "directory: { path: /tmp/x, owner: ops }"),
        ]
        for (attack, resource) in cases {
            try await host.prepare("rm -rf /tmp/x")
            if attack.hasPrefix("rm") {
                let make = resource.hasPrefix("file") ? "touch" : "mkdir"
                try await host.prepare("su admin -c '\(make) /tmp/x'")
            }
            try bench.site("resources:\n  - command: { run: \"\(attack)\", user: admin }\n  - \(resource)")
            let run = try await bench.run("apply")
            #expect(run.code == 1, "\(resource): \(run.all)")
            #expect(try await target() == Self.untouched, "\(attack), \(resource): \(run.all)")
        }
    }

    /// Where the kernel does not forbid it (fs.protected_hardlinks), anybody can give root's file a name in a folder of their own.
    @Test func aHardLinkInAnotherUsersFolderIsRefused() async throws {
        try await host.prepare(
            "mkdir /srv/theirs && chown admin /srv/theirs && ln /srv/target/file /srv/theirs/x && ln /srv/target/file /srv/x"
        )
        for resource in [
            "file: { path: /srv/theirs/x, mode: \"0666\" }", "file: { path: /srv/theirs/x, owner: admin }",
            "file: { path: /srv/theirs/x, content: evil, inPlace: true }",
            "directory: { path: /srv/theirs, recurse: true, owner: admin, fileMode: \"0666\" }",
        ] {
            try bench.site("resources:\n  - \(resource)")
            let run = try await bench.run("apply")
            #expect(run.code == 1, "\(resource): \(run.all)")
            #expect(run.report?.error?.message.contains("hard links") == true, "\(resource): \(run.all)")
            #expect(try await target() == Self.untouched, "\(resource)")
        }
        // What is beside it is mended all the same.
        try await host.prepare("cd /srv/theirs && touch y .z && mkfifo p && ln -s y l && chown -h admin y .z p l")
        try bench.site(
            "resources:\n  - directory: { path: /srv/theirs, recurse: true, owner: ops, fileMode: \"0640\" }")
        let mended = try await bench.run("apply")
        #expect(mended.code == 1 && mended.report?.error?.message.contains("hard links") == true, "\(mended.all)")
        #expect(
            try await host.run("cd /srv/theirs && stat -c '%n %U %a' y .z p l").output
                == "y ops 640\n.z ops 640\np ops 644\nl ops 777\n")
        #expect(try await target() == Self.untouched)
        // In a folder of root's, root has made it.
        try bench.site("resources:\n  - file: { path: /srv/x, mode: \"0640\" }")
        let run = try await bench.run("apply")
        #expect(run.code == 0 && host.ownership("/srv/x") == "640 0:0", "\(run.all)")
    }

    /// The attacker swaps file and link as fast as it goes, while modes are changed again and again.
    @Test func aSwapInTheMiddleOfAChangeIsNotFollowed() async throws {
        try await host.prepare(
            """
            mkdir /srv/theirs && chown admin /srv/theirs && chmod 0755 /srv/target
            cat >/srv/swap <<'END'
            cd /srv/theirs; echo theirs >file; ln -s /srv/target/file link
            n=0; while [ $n -lt 3000 ]; do n=$((n + 1)); ln -f file x; mv -f link x 2>/dev/null; ln -sf /srv/target/file link; rm -f x; done
            rm -f x; touch /srv/theirs/over
            END
            """)
        let swapping = Task { try await host.run("su admin -c 'sh /srv/swap'") }
        let modes = (0..<20).map { number in
            "  - file: { path: /srv/theirs/x, mode: \"\(number % 2 == 0 ? "0666" : "0660")\" }\n    ignoreErrors: true\n"
        }
        try bench.site("resources:\n\(modes.joined())")
        while !host.has("/srv/theirs/over") {
            _ = try await bench.run("apply")
            #expect(host.ownership("/srv/target/file") == "600 0:0")
        }
        _ = try await swapping.value
        #expect(host.text("/srv/target/file") == "mine\n")
    }

    private static let swapped = [
        "file: { path: /srv/theirs/f0, content: evil, owner: ops, mode: \"0666\" }",
        "file: { path: /srv/theirs/old, content: evil, owner: ops, mode: \"0666\", backup: true }",
        "file: { path: /srv/theirs/old, content: evil, owner: ops, inPlace: true }",
        "line: { path: /srv/theirs/old, line: evil, mode: \"0666\" }",
        "file: { path: \"/srv/theirs/f{{ item }}\", content: evil, owner: ops, mode: \"0666\" }\n    loop: [0, 1, 2, 3, 4]",
        "file: { path: /srv/theirs/old, mode: \"0666\", owner: ops }",
        "directory: { path: /srv/theirs, recurse: true, owner: ops, fileMode: \"0666\" }",
        "archive: { path: /srv/theirs/f1, source: packed.tar, owner: ops }",
    ]

    /// Whoever owns the folder replaces what root makes in it as soon as it appears.
    @Test(arguments: ["link", "folder", "prepared"]) func whatIsMadeInAnotherUsersFolderCannotBeSwapped(how: String)
        async throws
    {
        try await host.prepare("mkdir /srv/theirs && chown admin /srv/theirs && chmod 0755 /srv/target")
        try bench.folder.write("packed", "evil")
        let packing = try await ChildProcess.run(
            "tar", ["-cf", "\(bench.folder.path)/packed.tar", "-C", bench.folder.path, "packed"],
            folder: bench.folder.path)
        try #require(packing.code == 0)
        let admin = try await host.run("id -u admin").output.split(separator: "\n").joined()
        // Also those that failed: a link cannot be renamed over a folder.
        var swaps = 0
        for resource in Self.swapped {
            try await host.prepare(
                "rm -rf /srv/theirs/* /srv/theirs/.apus*; echo old >/srv/theirs/old; chown admin /srv/theirs/old")
            let pipe = "\(bench.folder.path)/pipe"
            unlink(pipe)
            mkfifo(pipe, 0o600)
            let lifeline = open(pipe, O_RDWR | O_CLOEXEC)
            defer { close(lifeline) }
            let swapper = try ChildProcess(
                "python3", [try SSHHosts.peer("swapper.py"), host.root, admin, "/srv/theirs", how],
                folder: bench.folder.path, input: pipe)
            try await eventually("the swapper is ready") { swapper.output.contains("ready") || swapper.hasEnded }
            try bench.site("resources:\n  - \(resource)")
            for _ in 0..<3 {
                let run = try await bench.run("apply")
                #expect(
                    host.text("/srv/target/file") == "mine\n" && host.ownership("/srv/target/file") == "600 0:0",
                    "\(how), \(resource): \(run.all)")
                #expect(host.ownership("/srv/target") == "755 0:0", "\(how), \(resource)")
                #expect(try await host.run("ls -A /srv/target").output == "file\n", "\(how), \(resource)")
            }
            swaps += swapper.output.split(separator: "\n").count { $0 != "ready" }
            swapper.signal(SIGTERM)
            await swapper.wait()
        }
        #expect(swaps > 0, "nothing was tried: the test shows nothing")
    }

    @Test func aFolderOfSomebodyElseIsServedAllTheSame() async throws {
        try bench.folder.write("packed", "good")
        let packing = try await ChildProcess.run(
            "tar", ["-cf", "\(bench.folder.path)/packed.tar", "-C", bench.folder.path, "packed"],
            folder: bench.folder.path)
        try #require(packing.code == 0)
        for resource in Self.swapped {
            try await host.prepare(
                "rm -rf /srv/theirs; mkdir /srv/theirs; cd /srv/theirs; echo old >old; mkfifo fifo; chown -R admin . ; chmod 0200 old"
            )
            try bench.site("resources:\n  - \(resource)")
            let first = try await bench.run("apply")
            #expect(first.code == 0 && first.report?.status == "changed", "\(resource): \(first.all)")
            let second = try await bench.run("apply")
            #expect(second.report?.status == "same", "\(resource): \(second.all)")
            #expect(try await host.run("ls -A /srv/theirs | grep -c apus-").output == "0\n", "\(resource)")
        }
    }

    /// A backup has a name that others can foresee.
    @Test func aPlantedBackupIsNotFollowed() async throws {
        try await host.prepare(
            "mkdir /srv/theirs && chown admin /srv/theirs && echo old >/srv/theirs/x && chown admin /srv/theirs/x")
        try await host.prepare(
            "cd /srv/theirs; now=$(date +%s); n=0; while [ $n -lt 20 ]; do ln -s /srv/target/file x.$(date -u -d @$((now + n)) +%Y%m%dT%H%M%SZ)~; n=$((n + 1)); done"
        )
        try bench.site("resources:\n  - file: { path: /srv/theirs/x, content: new, backup: true }")
        let run = try await bench.run("apply")
        #expect(run.code == 0 && host.text("/srv/theirs/x") == "new", "\(run.all)")
        #expect(try await target() == Self.untouched)
        #expect(try await host.run("cd /srv/theirs; for f in x.*; do [ -L $f ] || cat $f; done").output == "old\n")
    }

    /// A FIFO where a file was would hold a reader for ever, and the host's lock with it.
    @Test func aFIFOInPlaceOfAFileHoldsNothingUp() async throws {
        try await host.prepare(
            "mkdir /srv/theirs && chown admin /srv/theirs && echo old >/srv/theirs/x && chown admin /srv/theirs/x")
        try bench.site(
            "resources:\n  - command: { run: \"rm /srv/theirs/x; mkfifo /srv/theirs/x\" }\n  - line: { path: /srv/theirs/x, line: new }"
        )
        let run = try await bench.run("apply")
        #expect(run.code == 1 && run.report?.error?.message.contains("became something else") == true, "\(run.all)")
        #expect(!host.has("/var/lib/apus-sync/lock"))
    }

    @Test func aFolderThatEverybodyMayWriteIsRefused() async throws {
        try await host.prepare("mkdir -m 0777 /srv/open")
        try bench.site("resources:\n  - file: { path: /srv/open/x, content: mine }")
        let run = try await bench.run("apply")
        #expect(run.code == 1)
        #expect(run.report?.error?.message.contains("writable by everybody") == true, "\(run.all)")
        #expect(!host.has("/srv/open/x"))
    }
}
