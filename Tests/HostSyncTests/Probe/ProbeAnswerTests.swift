import SSHTransport
import Settings
import TestKit
import Testing

@testable import HostSync

@Suite struct ProbeAnswerTests {
    private func answer(_ sections: [(ProbeScript.Section, String)], asked: Set<String>) -> ProbeAnswer {
        var answer = ProbeAnswer()
        for (section, text) in sections { answer.take(section, Array(text.utf8), code: 0, asked: asked) }
        return answer
    }

    @Test func readsStat() {
        let answer = answer(
            [
                (
                    .paths,
                    """
                    81a4|0|0|root|root|12|/etc/motd
                    41ed|0|0|root|root|4096|/etc
                    a1ff|33|33|www-data|UNKNOWN|7|/srv/li|nk
                    89ed|1000|50||staff|3|/bin/setuid
                    stat: cannot statx '/root/x': Permission denied
                    stat: can't stat '/gone': No such file or directory
                    81a4|0|0|root|root|1|/not/asked
                    """
                ),
                (.links, "/srv/li|nk|../tar|get\n"),
                (.digests, "\(String(repeating: "ab", count: 32))  /etc/motd\nsha256sum: /x: Permission denied\n"),
            ], asked: ["/etc/motd", "/etc", "/srv/li|nk", "/bin/setuid", "/root/x", "/gone"])
        #expect(
            answer.paths["/etc/motd"]
                == .present(
                    PathStatus(
                        kind: .file, mode: 0o644, owner: "root", group: "root", size: 12,
                        digest: String(repeating: "ab", count: 32))))
        #expect(
            answer.paths["/srv/li|nk"]
                == .present(
                    PathStatus(
                        kind: .link, mode: 0o777, uid: 33, gid: 33, owner: "www-data", size: 7, target: "../tar|get")))
        #expect(
            answer.paths["/bin/setuid"]
                == .present(PathStatus(kind: .file, mode: 0o4755, uid: 1000, gid: 50, group: "staff", size: 3)))
        #expect(answer.paths["/root/x"] == .unreadable("Permission denied"))
        #expect(answer.paths["/gone"] == nil)
        #expect(answer.paths["/not/asked"] == nil)
    }

    /// An old busybox has no `stat -c`.
    @Test func readsListingsInItsPlace() {
        let text = """
            ls|-rwsr-x--T    1 0        42           512 Jan  1 00:00 /a b
            names|-rwsr-x--T    1 root     shadow       512 Jan  1 00:00 /a b
            path|/a b
            """
        #expect(
            answer([(.paths, text)], asked: ["/a b"]).paths["/a b"]
                == .present(
                    PathStatus(kind: .file, mode: 0o5750, uid: 0, gid: 42, owner: "root", group: "shadow", size: 512)))
    }

    /// Every kind of section is fed with soup of what it reads: nothing may trap.
    @Test(arguments: 0..<300) func survivesAHostileHost(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let words = [
            "81a4", "|", "ffffffffffffffffffffffff", "-1", "9223372036854775808", "/a", "'", "': ", "stat: ", "ls|",
            "names|", "path|", "-rwx", " ", "\n", "\u{0}", "\\", "=", "os.ID=", "uid=", "memoryKiB=9223372036854775807",
            "address=", String(repeating: "a", count: 64), "  /a", "has.", "\"", "ö", "🦅",
        ]
        let text = (0..<120).map { _ in words.randomElement(using: &generator) ?? "" }.joined()
        let sections: [ProbeScript.Section] = [.paths, .links, .digests, .facts, .content("/a"), .query("q")]
        var answer = ProbeAnswer()
        for section in sections.shuffled(using: &generator) {
            answer.take(
                section, Array(text.utf8), code: Int.random(in: -1...300, using: &generator), asked: ["/a", "/b"])
        }
        #expect(Set(answer.paths.keys).isSubset(of: ["/a", "/b"]), "seed \(seed)")
    }

    @Test func readsFacts() {
        let facts = HostFacts(
            parsing: """
                user=root
                uid=0
                kernel=Linux
                hostname=web1
                memoryKiB=2048
                cpuCount=4
                os.ID=ubuntu
                os.ID_LIKE=debian
                os.PRETTY_NAME="Ubuntu 24.04"
                os.VERSION_ID="24.04"
                has.tar=true
                address=lo 127.0.0.1
                address=eth0 192.0.2.7
                """)
        #expect(facts.values["os"]?["family"] == "debian")
        #expect(facts.values["os"]?["version"] == "24.04")
        #expect(facts.values["memoryBytes"] == .integer(2 << 20))
        #expect(facts.values["addresses"] == .list(["192.0.2.7"]))
        #expect(facts.values["has"]?["tar"] == .bool(true))
        #expect(facts.isRoot)
    }
}
