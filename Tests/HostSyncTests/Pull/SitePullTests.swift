import Base
import Glibc
import TestKit
import Testing

@testable import HostSync

/// Signed sites with the real git and ssh-keygen.
@Suite(.timeLimit(.minutes(2))) struct SitePullTests {
    private let folder: TemporaryFolder
    private var key: String { "\(folder.path)/key" }
    private var repository: String { "\(folder.path)/repository" }

    init() async throws {
        folder = try TemporaryFolder()
        try await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "anna", "-f", key])
        try await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "eve", "-f", "\(folder.path)/other"])
    }

    @discardableResult
    private func run(_ program: String, _ arguments: [String], at time: Int = 1_700_000_000) async throws -> String {
        let environment: [String: String?] = [
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "Anna", "GIT_AUTHOR_EMAIL": "anna@example.org",
            "GIT_COMMITTER_NAME": "Anna", "GIT_COMMITTER_EMAIL": "anna@example.org",
            "GIT_COMMITTER_DATE": "\(time) +0000", "GIT_AUTHOR_DATE": "\(time) +0000",
        ]
        let result = try await ChildProcess.run(program, arguments, environment: environment, folder: folder.path)
        try #require(result.code == 0, "\(program) \(arguments): \(result.errors)")
        return result.output
    }

    private func signers() throws -> String {
        "anna@example.org " + String(decoding: try Files.read("\(key).pub"), as: UTF8.self)
    }

    private func commit(_ text: String, signedBy key: String?, at time: Int = 1_700_000_000) async throws {
        if access(repository, F_OK) != 0 { try await run("git", ["init", "--quiet", "-b", "main", repository]) }
        try Files.writeAtomically(Array(text.utf8), to: "\(repository)/site.yaml")
        try await run("git", ["-C", repository, "add", "site.yaml"], at: time)
        let sign =
            key.map { ["-c", "gpg.format=ssh", "-c", "user.signingkey=\($0).pub", "-c", "commit.gpgsign=true"] } ?? []
        try await run("git", sign + ["-C", repository, "commit", "--quiet", "-m", "x"], at: time)
    }

    private func pull(_ source: SitePull.Source, signers: String?) -> SitePull {
        SitePull(source: source, folder: "\(folder.path)/pulled", site: "site.yaml", allowedSigners: signers)
    }

    private var git: SitePull.Source { .git(repository: repository, revision: "main") }

    private struct NoHTTP: HTTPSender {
        var answers: [String: [UInt8]] = [:]
        func send(_ request: OutgoingRequest) async throws -> IncomingResponse {
            guard let body = answers[request.url] else { return IncomingResponse(status: 404) }
            return IncomingResponse(status: 200, body: body)
        }
    }

    @Test func takesASignedCommit() async throws {
        try await commit("resources: []\n", signedBy: key)
        let outcome = try await pull(git, signers: signers()).fetch(NoHTTP())
        #expect(outcome.signer == "anna@example.org")
        #expect(try Files.read(outcome.site) == Array("resources: []\n".utf8))
        // And the next one.
        try await commit("resources: [] # two\n", signedBy: key, at: 1_700_000_100)
        _ = try await pull(git, signers: signers()).fetch(NoHTTP())
        #expect(try Files.read(outcome.site) == Array("resources: [] # two\n".utf8))
    }

    @Test func refusesWhatIsNotSignedByTheRightOne() async throws {
        try await commit("resources: []\n", signedBy: key)
        let site = try await pull(git, signers: signers()).fetch(NoHTTP()).site
        for (name, signer) in [("nobody", nil), ("another", "\(folder.path)/other")] {
            try await commit("evil: \(name)\n", signedBy: signer, at: 1_700_000_200)
            let error = await #expect(throws: ApusError.self) {
                try await pull(git, signers: signers()).fetch(NoHTTP())
            }
            #expect(error?.code == "signature-refused")
            #expect(try Files.read(site) == Array("resources: []\n".utf8), "what was taken before stays")
        }
    }

    /// An old commit was signed rightly once, too.
    @Test func refusesAnOlderCommit() async throws {
        try await commit("resources: []\n", signedBy: key, at: 1_700_000_000)
        let old = try await run("git", ["-C", repository, "rev-parse", "HEAD"]).trimmed
        try await commit("resources: [] # new\n", signedBy: key, at: 1_700_000_500)
        _ = try await pull(git, signers: signers()).fetch(NoHTTP())
        try await run("git", ["-C", repository, "reset", "--quiet", "--hard", old])
        let error = await #expect(throws: ApusError.self) { try await pull(git, signers: signers()).fetch(NoHTTP()) }
        #expect(error?.code == "older-site")
    }

    @Test func takesASignedFileByHTTP() async throws {
        let site = try folder.write("signed.yaml", "resources: []\n")
        try await run("ssh-keygen", ["-q", "-Y", "sign", "-n", SitePull.namespace, "-f", key, site])
        let signature = try Files.read("\(site).sig")
        var http = NoHTTP(answers: [
            "https://x/site.yaml": Array("resources: []\n".utf8), "https://x/site.yaml.sig": signature,
        ])
        let source = SitePull.Source.url("https://x/site.yaml")
        let outcome = try await pull(source, signers: signers()).fetch(http)
        #expect(outcome.signer == "anna@example.org")
        http.answers["https://x/site.yaml"] = Array("resources: [] #\n".utf8)
        let changed = await #expect(throws: ApusError.self) { try await pull(source, signers: signers()).fetch(http) }
        #expect(changed?.code == "signature-refused")
        http.answers["https://x/site.yaml.sig"] = nil
        let missing = await #expect(throws: ApusError.self) { try await pull(source, signers: signers()).fetch(http) }
        #expect(missing?.code == "pull-failed")
    }

    @Test(arguments: [("-x", "main"), ("ext::sh -c id", "main"), ("/r", "--upload-pack=id")])
    func takesNoOptionForARepository(repository: String, revision: String) async throws {
        let source = SitePull.Source.git(repository: repository, revision: revision)
        let error = await #expect(throws: ApusError.self) { try await pull(source, signers: nil).fetch(NoHTTP()) }
        #expect(error?.kind == .usage)
    }
}
