import Base
import Glibc
import TestKit
import Testing

/// Many hosts: some dead, in batches, with limits, and taken up again.
@Suite(.timeLimit(.minutes(10))) struct SyncFleetTests {
    private static let resources = "resources:\n  - file: { path: \"/srv/of-{{ host }}\", content: \"{{ host }}\" }"

    /// A port of loopback that refuses, or with `listens` takes connections and never says a word.
    private final class Port: Sendable {
        let number: Int
        private let descriptor: Int32

        init(listens: Bool) throws {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let code = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(descriptor, address, size) == 0 ? getsockname(descriptor, address, &size) : -1
                }
            }
            guard code == 0, !listens || listen(descriptor, 16) == 0 else {
                throw Files.failure("no-port", "cannot take a port")
            }
            self.descriptor = descriptor
            number = Int(UInt16(bigEndian: address.sin_port))
        }

        deinit { close(descriptor) }
    }

    /// Writes `NAME.config`, an ssh_config in which some hosts stand at other ports.
    private func config(_ bench: SyncBench, _ name: String, ports: [String: Int]) throws -> String {
        let entries = ports.map { "Host \($0.key)\n    HostName 127.0.0.1\n    Port \($0.value)\n" }.joined()
        let config = String(decoding: try Files.read("\(bench.folder.path)/ssh_config"), as: UTF8.self)
        // Of several values ssh takes the first; what the bench says of all hosts ends where a host's part begins.
        try bench.folder.write("\(name).config", SyncBench.forAllHosts + entries + config)
        return "\(name).config"
    }

    @Test func theDeadDoNotHoldUpTheOthers() async throws {
        let bench = try await SyncBench(200)
        let silent = try (0..<3).map { _ in try Port(listens: true) }
        let closed = try Port(listens: false)
        var ports: [String: Int] = [:]
        for number in 0..<20 {
            // Spread over the fleet: each tenth host is dead.
            ports[bench.hosts[number * 10].name] = number < 3 ? silent[number].number : closed.number
        }
        try bench.site("connectTimeout: 8s\n\(Self.resources)")
        let dead = try config(bench, "dead", ports: ports)
        let start = ContinuousClock.now
        let first = try await bench.run("apply", sshConfig: dead)
        let duration = ContinuousClock.now - start
        #expect(first.code == 3, "\(first.errors)")
        #expect(first.reports.count == 200)
        #expect(first.reports.filter { $0.status == "changed" }.count == 180)
        #expect(Set(first.reports.filter { $0.status == "unreachable" }.map(\.host)) == Set(ports.keys))
        #expect(first.reports.filter { $0.status == "unreachable" }.allSatisfy { $0.error?.code == "unreachable" })
        for host in bench.hosts {
            #expect(host.text("/srv/of-\(host.name)") == (ports[host.name] == nil ? host.name : nil))
        }
        // The silent ones cost connectTimeout once, beside the others; the rest is what this machine can do, and it may
        // have much else to do.
        for report in first.reports where ports[report.host] != nil {
            #expect(report.durationSeconds < 60, "\(report)")
        }
        #expect(duration < .seconds(300), "\(duration)")

        let resumed = try await bench.run("apply", ["--resume"])
        #expect(resumed.code == 0, "\(resumed.all)")
        #expect(Set(resumed.reports.map(\.host)) == Set(ports.keys), "who was brought to the end is left out")
        #expect(resumed.reports.allSatisfy { $0.status == "changed" })
        let nothing = try await bench.run("apply", ["--resume"])
        #expect(nothing.code == 0 && nothing.reports.isEmpty, "\(nothing.all)")
        // Other declarations: nothing is known of them.
        try bench.site("\(Self.resources)\n  - file: { path: /srv/more, content: x }")
        let more = try await bench.run("apply", ["--resume", "--hosts", "host1:host2"])
        #expect(more.reports.count == 2, "\(more.all)")
    }

    @Test func resumeKnowsWhenAFileHasChanged() async throws {
        let bench = try await SyncBench(2)
        try bench.folder.write("template", "one")
        try bench.site("resources:\n  - file: { path: /srv/a, template: template }")
        try #require(try await bench.run("apply").code == 0)
        #expect(try await bench.run("apply", ["--resume"]).reports.isEmpty)
        try bench.folder.write("template", "two")
        let run = try await bench.run("apply", ["--resume"])
        #expect(run.reports.filter { $0.status == "changed" }.count == 2, "\(run.all)")
        #expect(bench.hosts.map { $0.text("/srv/a") } == ["two", "two"])
        let tagged = try await bench.run("apply", ["--resume", "--var", "a=b"])
        #expect(tagged.reports.count == 2, "other variables are another run")
    }

    /// Eight hosts of which those in `dead` (from 1) refuse connections.
    private func roll(_ rollout: String, dead: [Int]) async throws -> (bench: SyncBench, run: SyncRun) {
        let bench = try await SyncBench(8)
        try bench.site("rollout: { \(rollout) }\n\(Self.resources)")
        let closed = try Port(listens: false)
        let ports = Dictionary(uniqueKeysWithValues: dead.map { ("host\($0)", closed.number) })
        return (bench, try await bench.run("apply", sshConfig: try config(bench, "dead", ports: ports)))
    }

    private func done(_ bench: SyncBench) -> [Int] {
        bench.hosts.indices.filter { bench.hosts[$0].has("/srv/of-host\($0 + 1)") }.map { $0 + 1 }
    }

    private static let rollouts: [(rollout: String, dead: [Int], done: [Int], tried: Int, code: Int32)] = [
        ("serial: 3", [], [1, 2, 3, 4, 5, 6, 7, 8], 8, 0),
        ("serial: 2", [3], [1, 2, 4, 5, 6, 7, 8], 8, 3),
        // A batch of which nothing is left ends it.
        ("serial: 2", [3, 4], [1, 2], 4, 3),
        ("serial: [1, 50%]", [1], [], 1, 3),
        ("serial: [1, 50%], canary: true", [1], [], 1, 3),
        ("serial: [2, 100%], canary: true", [2], [1], 2, 3),
        ("serial: [2, 100%], canary: true", [5], [1, 2, 3, 4, 6, 7, 8], 8, 3),
        ("serial: 2, maxFail: 0", [3], [1, 2, 4], 4, 3),
        ("serial: 2, maxFail: 1", [3, 5], [1, 2, 4, 6], 6, 3),
        ("serial: 2, maxFail: 25%", [3, 5], [1, 2, 4, 6, 7, 8], 8, 3),
        ("serial: 2, maxFail: 25%", [1, 2, 3], [4], 4, 3),
        // Without batches there is nothing to stop before.
        ("maxFail: 0", [1], [2, 3, 4, 5, 6, 7, 8], 8, 3),
    ]

    @Test(arguments: rollouts.indices) func batchesAndLimits(row: Int) async throws {
        let (rollout, dead, expected, tried, code) = Self.rollouts[row]
        let (bench, run) = try await roll(rollout, dead: dead)
        #expect(run.reports.count == 8, "\(rollout): \(run.all)")
        #expect(run.reports.count { $0.status == "not-started" } == 8 - tried, "\(rollout): \(run.all)")
        #expect(done(bench) == expected, "\(rollout)")
        #expect(run.code == code, "\(rollout): \(run.all)")
        if tried < 8 { #expect(run.errors.contains("stopped: "), "\(rollout): \(run.errors)") }
    }

    @Test func aBatchEndsBeforeTheNextBegins() async throws {
        let bench = try await SyncBench(6)
        try bench.site("rollout: { serial: [1, 2] }\n\(Self.resources)")
        let run = try await bench.run("apply")
        let order = run.reports.map(\.host)
        #expect(order.first == "host1")
        #expect(Set(order[1...2]) == ["host2", "host3"] && Set(order[3...4]) == ["host4", "host5"], "\(order)")
    }

    /// A host that failed in one play is left out of the next ones.
    @Test func laterPlaysLeaveOutWhoFailed() async throws {
        let bench = try await SyncBench(3)
        try bench.site(
            """
            plays:
              - name: first
                resources:
                  - command: { run: "[ {{ host }} != host2 ]", creates: /srv/first }
              - name: second
                hosts: host1:host2
                resources:
                  - file: { path: /srv/second, content: x }
            """)
        let run = try await bench.run("apply")
        #expect(run.code == 3, "\(run.all)")
        #expect(bench.hosts.map { $0.has("/srv/second") } == [true, false, false])
        #expect(run.reports.filter { $0.play == "second" }.map(\.host) == ["host1"])
    }
}
