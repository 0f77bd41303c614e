import Base
import FoundationEssentials
import Glibc
import TestKit
import Testing

/// Hosts, a folder with a site, and the real `apus sync` that is run on them.
final class SyncBench: Sendable {
    let machines: SSHHosts
    let folder: TemporaryFolder

    var hosts: [SSHHosts.Host] { machines.hosts }
    var host: SSHHosts.Host { machines.hosts[0] }

    /// The default key exchange of OpenSSH costs eight times the processor time of this one.
    static let forAllHosts = "KexAlgorithms curve25519-sha256\n"

    init(_ count: Int = 1, kind: String = "debian") async throws {
        machines = try await SSHHosts.start(count, kind: kind)
        folder = try TemporaryFolder()
        let config = String(decoding: try Files.read(machines.sshConfig), as: UTF8.self)
        try folder.write("ssh_config", SyncBench.forAllHosts + config)
    }

    /// Bytes that nothing can compress, the same each time. `count` is a multiple of 8.
    static func noise(_ count: Int, seed: UInt64 = 7) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        let words = (0..<(count / 8)).map { _ in generator.next() }
        return words.withUnsafeBytes { Array($0) }
    }

    /// Writes `site.yaml`: `hosts` as they are given, else all of the bench as root.
    @discardableResult
    func site(_ text: String, hosts declared: String? = nil, name: String = "site.yaml") throws -> String {
        let all = hosts.map { "  \($0.name): {}\n" }.joined()
        return try folder.write(name, "hosts:\n\(declared ?? all)\(text)\n")
    }

    /// Starts `apus sync VERB FILE …`; its state and configuration are the bench's own.
    func start(
        _ verb: String, _ arguments: [String] = [], file: String = "site.yaml", environment: [String: String?] = [:],
        sshConfig: String = "ssh_config"
    ) throws -> ChildProcess {
        var words = ["sync", verb, "\(folder.path)/\(file)"] + arguments
        if verb != "secret" { words += ["--ssh-config", "\(folder.path)/\(sshConfig)"] }
        var variables: [String: String?] = ["XDG_STATE_HOME": "\(folder.path)/state", "HOME": folder.path]
        variables.merge(environment) { $1 }
        return try ChildProcess(ApusProgram.path, words, environment: variables, folder: folder.path)
    }

    /// Runs it to its end. `plan`, `apply` and `facts` answer in JSON unless `output` says otherwise.
    func run(
        _ verb: String, _ arguments: [String] = [], file: String = "site.yaml", environment: [String: String?] = [:],
        sshConfig: String = "ssh_config", output: String = "json"
    ) async throws -> SyncRun {
        let child = try start(
            verb, arguments + ["--output", output], file: file, environment: environment, sshConfig: sshConfig)
        return await SyncRun(of: child)
    }

    /// Runs `apply` until nobody else holds a host: what a run that died has started may still be at its end.
    func applyWhenFree(_ arguments: [String] = [], file: String = "site.yaml") async throws -> SyncRun {
        var last: SyncRun?
        try await eventually("no host is locked") {
            let run = try await self.run("apply", arguments, file: file)
            last = run
            return !run.reports.contains { $0.error?.code == "host-locked" }
        }
        return try #require(last)
    }
}

/// What one run of `apus sync` said.
struct SyncRun: Sendable {
    let code: Int32
    let output: String
    let errors: String
    let reports: [SyncReport]

    init(of child: ChildProcess) async {
        code = await child.wait()
        output = child.output
        errors = child.errors
        reports = output.split(separator: "\n").compactMap { line in
            try? JSONDecoder().decode(SyncReport.self, from: Data(line.utf8))
        }
    }

    /// The report of the only host.
    var report: SyncReport? { reports.count == 1 ? reports[0] : nil }

    func report(_ host: String) -> SyncReport? { reports.first { $0.host == host } }

    /// All that was said, for the message of a failed expectation.
    var all: String { "exit \(code)\n\(output)\n\(errors)" }
}

/// One line of `--output json`.
struct SyncReport: Sendable, Decodable {
    struct Failure: Sendable, Decodable {
        let code: String
        let message: String
    }

    struct Change: Sendable, Decodable {
        let what: String
        let old: String?
        let new: String?
        let diff: [String]?
    }

    struct Item: Sendable, Decodable {
        let title: String
        let name: String?
        let status: String
        let message: String?
        let handler: Bool?
        let differences: [Change]?
    }

    let host: String
    let play: String?
    let status: String
    let error: Failure?
    let durationSeconds: Double
    let legs: Int
    let resources: [Item]
    let notes: [String]?

    /// The titles with this status, in their order.
    func titles(_ status: String) -> [String] { resources.filter { $0.status == status }.map(\.title) }

    func item(_ title: String) -> Item? { resources.first { $0.title == title } }
}
