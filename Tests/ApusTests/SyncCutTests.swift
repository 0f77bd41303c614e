import Base
import FoundationEssentials
import Glibc
import TestKit
import Testing

/// Connections that are cut anywhere, by `Tests/peers/sync/cutproxy.py`: files are old or new, and the next run mends.
@Suite(.timeLimit(.minutes(10))) struct SyncCutTests {
    private static let resources = """
        resources:
          - file: { path: /srv/inline, content: "new inline\\n", mode: "0640" }
          - file: { path: /srv/large, source: large }
            notify: told
          - line: { path: /srv/lines, line: new }
          - file: { path: /srv/made, template: made }
            notify: told
          - symlink: { path: /srv/link, target: new }
        handlers:
          - name: told
            command: { run: "echo told >>/srv/told" }
        """

    private static let large = SyncBench.noise(300_000)
    private static let made = String(repeating: "one of many lines\n", count: 3000)

    /// Each declared file with what it may hold; nil is not being there.
    private static let states: [(path: String, old: [UInt8]?, new: [UInt8])] = [
        ("/srv/inline", Array("old inline\n".utf8), Array("new inline\n".utf8)),
        ("/srv/large", Array("old large\n".utf8), large),
        ("/srv/lines", Array("old\n".utf8), Array("old\nnew\n".utf8)),
        ("/srv/made", nil, Array(made.utf8)),
    ]

    private func bench(_ count: Int) async throws -> SyncBench {
        let bench = try await SyncBench(count)
        try Files.writeAtomically(Self.large, to: "\(bench.folder.path)/large")
        try bench.folder.write("made", Self.made)
        try bench.site(Self.resources)
        for host in bench.hosts {
            for state in Self.states { if let old = state.old { try host.write(state.path, old) } }
        }
        return bench
    }

    /// The site in whose connections a proxy stands that is told `options(number)`.
    private func cutSite(_ bench: SyncBench, _ options: (Int) -> String) throws {
        let proxy = "python3 \(try SSHHosts.peer("cutproxy.py")) --stdio"
        let hosts = bench.hosts.enumerated().map { number, host in
            let command = "ProxyCommand=\(proxy) --to \(host.port) \(options(number))"
            return "  \(host.name): { sshOptions: [\"\(command)\"] }\n"
        }
        try bench.site(Self.resources, hosts: hosts.joined(), name: "cut.yaml")
    }

    private struct Wire: Decodable {
        let clientBytes: Int
        let serverBytes: Int
    }

    /// What a whole run costs on the wire.
    private func measure() async throws -> Wire {
        let bench = try await bench(1)
        let report = "\(bench.folder.path)/wire"
        try cutSite(bench) { _ in "--report \(report)" }
        let run = try await bench.run("apply", file: "cut.yaml")
        try #require(run.code == 0, "\(run.all)")
        try await eventually("the proxy has reported") { access(report, R_OK) == 0 }
        return try JSONDecoder().decode(Wire.self, from: Data(try Files.read(report)))
    }

    private func expectWhole(_ host: SSHHosts.Host, _ when: String) {
        for state in Self.states {
            let found = host.bytes(state.path)
            #expect(
                found == state.old || found == state.new,
                "\(host.name), \(when): \(state.path) has \(found.map { "\($0.count) bytes" } ?? "gone")")
        }
    }

    @Test(arguments: ["reset", "close"]) func afterAnyCutFilesAreWholeAndTheNextRunMends(how: String) async throws {
        let wire = try await measure()
        // From the client over the whole length, and closer over its end, where the script is; from the server.
        var cuts = (0..<20).map { ("client", $0 * wire.clientBytes / 20) }
        cuts += (0..<20).map { ("client", wire.clientBytes - 40_000 + $0 * 2100) }
        cuts += (0..<10).map { ("server", $0 * wire.serverBytes / 10) }
        if how == "close" { cuts = cuts.enumerated().filter { $0.offset % 3 == 1 }.map(\.element) }
        let bench = try await bench(cuts.count)
        try cutSite(bench) { "--from \(cuts[$0].0) --cut-after \(cuts[$0].1) --how \(how)" }
        let run = try await bench.run("apply", ["--forks", "10"], file: "cut.yaml")
        #expect(run.code == 1 || run.code == 3, "\(run.errors)")
        #expect(run.reports.count == cuts.count)
        let failures = run.reports.filter { $0.status == "unreachable" }
        #expect(failures.count >= cuts.count * 4 / 5, "\(failures.count) of \(cuts.count) were cut")
        for report in run.reports where report.status != "unreachable" {
            // What was on its way in full when it was cut may have been done and told.
            #expect(report.status == "changed", "\(report)")
        }
        for (host, cut) in zip(bench.hosts, cuts) { expectWhole(host, "cut from \(cut.0) after \(cut.1)") }

        let next = try await bench.applyWhenFree(["--forks", "10"])
        #expect(next.code == 0, "\(next.all)")
        for (host, cut) in zip(bench.hosts, cuts) {
            let place = "\(host.name), cut from \(cut.0) after \(cut.1)"
            for state in Self.states { #expect(host.bytes(state.path) == state.new, "\(place): \(state.path)") }
            // Told in the run that was cut, in this one, or at the worst in both.
            #expect(host.text("/srv/told")?.hasPrefix("told\n") == true, "\(place): the handler was lost")
            let left = try await host.run("ls -A /var/lib/apus-sync; find / -xdev -name '.apus-*'; readlink /srv/link")
            #expect(left.output == "pending\nnew\n", "\(place): \(left.output)")
        }
        let last = try await bench.run("apply", ["--forks", "10"])
        #expect(last.reports.allSatisfy { $0.status == "same" }, "\(last.all)")
    }

    /// A host that says nothing any more is given up after `silenceTimeout`.
    @Test func aConnectionThatStallsIsGivenUp() async throws {
        let wire = try await measure()
        let bench = try await bench(4)
        try cutSite(bench) { "--from client --cut-after \(($0 + 1) * wire.clientBytes / 5) --how stall" }
        let site = String(decoding: try Files.read("\(bench.folder.path)/cut.yaml"), as: UTF8.self)
        try bench.folder.write("cut.yaml", "silenceTimeout: 1s\nconnectTimeout: 1s\n" + site)
        let run = try await bench.run("apply", file: "cut.yaml")
        #expect(run.code == 1)
        for report in run.reports { #expect(report.error?.code == "host-silent", "\(report)") }
        for host in bench.hosts { expectWhole(host, "stalled") }
        let next = try await bench.applyWhenFree()
        #expect(next.code == 0, "\(next.all)")
        for host in bench.hosts {
            for state in Self.states { #expect(host.bytes(state.path) == state.new) }
        }
    }
}
