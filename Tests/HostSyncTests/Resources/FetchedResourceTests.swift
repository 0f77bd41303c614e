import Base
import Glibc
import Settings
import TestKit
import Testing

@testable import HostSync

/// `download`, `archive` and `git`, for real: files and repositories of this machine.
@Suite struct FetchedResourceTests {
    let folder: TemporaryFolder
    var host: ShellHost

    init() throws {
        folder = try TemporaryFolder()
        host = ShellHost(folder: folder.path)
    }

    private func shell(_ script: String) async throws -> String {
        let result = try await ChildProcess.run(
            "sh", ["-ec", "cd \(folder.path)\nexport HOME=\(folder.path)\n\(script)"], folder: folder.path)
        #expect(result.code == 0, "\(result.errors)")
        return result.output.split(separator: "\n").joined(separator: "\n")
    }

    // MARK: download

    @Test(arguments: ShellHost.shells) func download(_ shell: [String]) async throws {
        var host = host
        host.shell = shell
        try folder.write("source", "hello\n")
        let digest = ContentDigest.of(Array("hello\n".utf8))
        let resource = try declared(
            DownloadResource.self,
            "{url: 'file://\(folder.path)/source', checksum: 'sha256:\(digest.uppercased())', path: \(folder.path)/target, mode: '0640'}"
        )
        let first = try await host.converge(resource)
        #expect(told(first) == ["content: - → \(digest)", "mode: - → 0640"])
        #expect(try await self.shell("stat -c %a target; cat target") == "640\nhello")
        try folder.write("target", "other")
        #expect(told(try await host.converge(resource)).first?.hasSuffix("→ \(digest)") == true)
        #expect(try await self.shell("cat target") == "hello")
    }

    @Test func wrongChecksumChangesNothing() async throws {
        try folder.write("source", "hello\n")
        try folder.write("target", "old")
        let resource = try declared(
            DownloadResource.self,
            "{url: 'file://\(folder.path)/source', checksum: 'sha256:\(String(repeating: "0", count: 64))', path: \(folder.path)/target}"
        )
        var state = HostState(try await host.answer([resource]))
        let message = try await host.apply(try resource.compare(&state).steps)
        #expect(message?.contains("not the declared one") == true)
        #expect(try await shell("cat target") == "old")
    }

    @Test func secretsOfARequestStandInAContent() throws {
        let resource = try declared(
            DownloadResource.self,
            "{url: 'https://u:hunter1@h/x?t=hunter2', insecureNoChecksum: true, path: /x, headers: {Authorization: 'Bearer \"hunter3\"'}}"
        )
        var state = hostState([])
        let comparison = try resource.compare(&state)
        #expect(!comparison.steps.lines.joined().contains("hunter"))
        #expect(told(comparison) == ["content: - → https://h/x"])
        guard case .bytes(let bytes) = comparison.steps.contents[0] else { return #expect(Bool(false)) }
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "url = \"https://u:hunter1@h/x?t=hunter2\"\nheader = \"Authorization: Bearer \\\"hunter3\\\"\"\n")
    }

    @Test(arguments: [
        ("{url: 'https://h/x', path: /x}", "must be given"),
        ("{url: 'https://h/x', path: /x, checksum: 'sha256:0'}", "64"),
        ("{url: 'gopher://h', path: /x, insecureNoChecksum: true}", "an address"),
        ("{url: 'https://h', path: /x, insecureNoChecksum: true, headers: {A: \"b\\nc: d\"}}", "one line"),
    ]) func downloadRefused(_ yaml: String, _ message: String) {
        #expect(complaints(DownloadResource.self, yaml).contains(message))
    }

    // MARK: archive

    static let packers = [
        ("a.tar", "tar -cf a.tar top"), ("a.tar.gz", "tar -czf a.tar.gz top"),
        ("a.zip", "python3 -c \"import shutil; shutil.make_archive('a', 'zip', '.', 'top')\""),
    ]

    @Test(arguments: packers, ShellHost.shells) func archive(
        _ packer: (file: String, command: String), _ shell: [String]
    ) async throws {
        var host = host
        host.shell = shell
        if packer.file.hasSuffix("zip"), try await host.run("command -v unzip python3").code != 0 { return }
        _ = try await self.shell(
            "mkdir -p top/in; echo one >top/in/file; echo two >top/.hidden; ln -s in top/link\n\(packer.command)")
        let resource = try declared(
            ArchiveResource.self, "{source: a, path: \(folder.path)/out, stripComponents: 1}",
            files: ["a": "\(folder.path)/\(packer.file)"])
        let first = try await host.converge(resource)
        #expect(first.differences.map(\.old) == [nil])
        #expect(
            try await self.shell("cat out/in/file out/.hidden; ls -A out; ls -A . | grep apus$ || :")
                == "one\ntwo\n.apus-archive\n.hidden\nin\nlink")
        // Another archive over it: what is no longer in it stays, and the mark is the new one.
        _ = try await self.shell("rm \(packer.file); echo three >top/in/file; rm top/.hidden\n\(packer.command)")
        let changed = try declared(
            ArchiveResource.self, "{source: a, path: \(folder.path)/out, stripComponents: 1}",
            files: ["a": "\(folder.path)/\(packer.file)"])
        let second = try await host.converge(changed)
        #expect(second.differences.first?.old?.hasSuffix("strip:1") == true)
        #expect(try await self.shell("cat out/in/file out/.hidden") == "three\ntwo")
    }

    @Test func archiveFromAnAddress() async throws {
        let sum = try await shell("mkdir top; echo one >top/file; tar -czf a.tgz top; sha256sum <a.tgz")
        let resource = try declared(
            ArchiveResource.self,
            "{url: 'file://\(folder.path)/a.tgz', checksum: 'sha256:\(sum.prefix(64))', path: \(folder.path)/out, creates: \(folder.path)/out/top/file}"
        )
        try await host.converge(resource)
        #expect(try await shell("cat out/top/file") == "one")
        #expect(told(try await host.converge(resource)) == [])
    }

    @Test func brokenArchiveChangesNothing() async throws {
        try folder.write("a.tgz", "no archive")
        let resource = try declared(
            ArchiveResource.self, "{source: a, path: \(folder.path)/out}", files: ["a": "\(folder.path)/a.tgz"])
        var state = HostState(try await host.answer([resource]))
        #expect(try await host.apply(try resource.compare(&state).steps) != nil)
        #expect(try await shell("ls -d out 2>/dev/null || :") == "")
    }

    @Test(arguments: [
        ("{path: /x}", "source and url"), ("{path: /x, url: 'https://h'}", "must be given with url"),
        ("{path: /x, source: a, checksum: 'sha256:\(String(repeating: "0", count: 64))'}", "url only"),
        ("{path: /, source: a}", "below the root"),
    ]) func archiveRefused(_ yaml: String, _ message: String) {
        #expect(complaints(ArchiveResource.self, yaml).contains(message))
    }

    // MARK: git

    private static let identity = "git config user.name t; git config user.email t@t"

    @Test(arguments: ["", ", depth: 1", ", depth: 2, force: true"], ShellHost.shells)
    func git(_ options: String, _ shell: [String]) async throws {
        var host = host
        host.shell = shell
        let one = try await self.shell(
            "git init -q -b main remote; cd remote; \(Self.identity); echo 1 >f; git add f; git commit -qm 1; git tag -m v1 v1; git rev-parse HEAD"
        )
        let main = try declared(
            GitResource.self,
            "{repository: 'file://\(folder.path)/remote', path: \(folder.path)/tree, revision: main\(options)}")
        #expect(told(try await host.converge(main)) == ["commit: - → \(one)"])
        let two = try await self.shell("cd remote; echo 2 >f; git commit -qam 2; git rev-parse HEAD")
        #expect(told(try await host.converge(main)) == ["commit: \(one) → \(two)"])
        #expect(try await self.shell("cat tree/f; ls -A | grep apus$ || :") == "2")
        let tag = try declared(
            GitResource.self,
            "{repository: 'file://\(folder.path)/remote', path: \(folder.path)/tree, revision: v1\(options)}")
        #expect(told(try await host.converge(tag)) == ["commit: \(two) → \(one)"])
        let commit = try declared(
            GitResource.self,
            "{repository: 'file://\(folder.path)/remote', path: \(folder.path)/tree, revision: '\(two)'\(options)}")
        #expect(told(try await host.converge(commit)) == ["commit: \(one) → \(two)"])
    }

    @Test func gitWithLocalChanges() async throws {
        let one = try await shell(
            "git init -q -b main remote; cd remote; \(Self.identity); echo 1 >f; git add f; git commit -qm 1; git rev-parse HEAD"
        )
        func resource(_ options: String) throws -> GitResource {
            try declared(GitResource.self, "{repository: '\(folder.path)/remote', path: \(folder.path)/tree\(options)}")
        }
        try await host.converge(try resource(""))
        _ = try await shell("echo changed >tree/f")
        #expect(told(try await host.converge(try resource(""))) == [])
        let two = try await shell("cd remote; echo 2 >f; git commit -qam 2; git rev-parse HEAD")
        var state = HostState(try await host.answer([try resource("")]))
        #expect { try resource("").compare(&state) } throws: { "\($0)".contains("force: true") }
        let forced = try await host.converge(try resource(", force: true"))
        #expect(told(forced) == ["commit: \(one) → \(two)", "local changes: 1 files → discarded"])
        #expect(try await shell("cat tree/f") == "2")
        #expect(told(try await host.converge(try resource(", update: false"))) == [])
    }

    @Test(arguments: [
        ("revision: none", "has no none"), ("revision: '1234567'", "all its 40 digits"),
    ]) func gitFault(_ yaml: String, _ message: String) async throws {
        _ = try await shell(
            "git init -q -b main remote; cd remote; \(Self.identity); echo 1 >f; git add f; git commit -qm 1")
        let resource = try declared(
            GitResource.self, "{repository: '\(folder.path)/remote', path: \(folder.path)/tree, \(yaml)}")
        var state = HostState(try await host.answer([resource]))
        #expect { try resource.compare(&state) } throws: { "\($0)".contains(message) }
    }

    @Test func gitRemoteThatIsNotThere() async throws {
        let resource = try declared(GitResource.self, "{repository: '\(folder.path)/no', path: \(folder.path)/tree}")
        var state = HostState(try await host.answer([resource]))
        #expect(throws: ResourceFault.self) { try resource.compare(&state) }
        state.willProvide("package")
        #expect(try resource.compare(&state).deferred != nil)
    }

    @Test func gitAsAnotherUser() async throws {
        guard getuid() == 0 else { return }
        _ = try await shell(
            "chmod 755 .; git init -q -b main remote; cd remote; \(Self.identity); echo 1 >f; git add f; git commit -qm 1; chown -R nobody ."
        )
        let resource = try declared(
            GitResource.self, "{repository: '\(folder.path)/remote', path: \(folder.path)/tree, user: nobody}")
        try await host.converge(resource)
        #expect(try await shell("stat -c %U tree tree/f tree/.git") == "nobody\nnobody\nnobody")
    }

    @Test(arguments: [
        ("{repository: --upload-pack=x, path: /x}", "a git repository"),
        ("{repository: 'ext::sh', path: /x}", "a git repository"),
        ("{repository: x, path: /x, revision: -x}", "a branch"), ("{repository: x, path: /}", "below the root"),
    ]) func gitRefused(_ yaml: String, _ message: String) {
        #expect(complaints(GitResource.self, yaml).contains(message))
    }
}
