import Base
import Glibc
import SSHTransport
import Settings
import Testing

@testable import HostSync

/// A shell whose host is this machine: what `/bin/sh` is on Debian, on the RHEL family, and on Alpine with its own
/// small tools before all others.
enum LocalShell: String, CaseIterable, CustomTestStringConvertible {
    case dash, bash, busybox

    var testDescription: String { rawValue }
}

/// Asks and changes for real, as a run does, but with a local shell for the host: the probe's text, the answer's
/// frames, the comparison, the steps with the functions of the apply script, and the comparison again.
///
/// `folder` is the host for what has paths. With `isBoxed` the shell sees a copy of /etc and an empty /home in place of
/// the machine's own, in namespaces of its own for mounts and the host's name, which end with each script: for accounts
/// and tables of the system. It needs root.
final class ResourceHarness {
    let shell: LocalShell
    /// `work` is for the test, the rest is the harness's own.
    let base: String
    let isBoxed: Bool
    var loader = TestLoader()

    var folder: String { base + "/work" }

    static let canBox: Bool = {
        geteuid() == 0 && (try? ResourceHarness.spawn(["unshare", "-m", "-u", "true"], output: "/dev/null")) == 0
    }()

    init(_ shell: LocalShell = .dash, isBoxed: Bool = false) throws {
        self.shell = shell
        self.isBoxed = isBoxed
        var template = Array("/tmp/apus-host-XXXXXX".utf8CString)
        base = try #require(mkdtemp(&template).map { String(cString: $0) })
        try sh(
            "mkdir -p work state stage bin; chmod 755 . work; [ \(shell.rawValue) != busybox ] || busybox --install -s bin"
        )
        if isBoxed { try sh("mkdir etc home; cp -a /etc/. etc/; chmod 755 home") }
    }

    deinit {
        _ = try? ResourceHarness.spawn(["rm", "-rf", base], output: "/dev/null")
    }

    // MARK: Declarations

    /// `@` stands for the host's folder.
    func declare<Kind: Resource>(_ type: Kind.Type, _ yaml: String) throws -> Kind {
        var resource = try #require(ResourceHarness.read(type, yaml.replacing("@", with: folder)).group)
        try resource.load(loader)
        return resource
    }

    static func read<Kind: Resource>(_ type: Kind.Type, _ yaml: String) -> (group: Kind?, complaints: [String]) {
        let result = SettingsReader.read(type, Array(yaml.utf8), file: "site.yaml")
        return (result.group, result.complaints.map { "\($0.path): \($0.message)" })
    }

    // MARK: The host

    func probe(_ resources: [any Resource]) throws -> HostState {
        var request = ProbeRequest()
        for resource in resources { resource.probe(&request) }
        let script = ProbeScript(request)
        let bytes = try run(([ProbeScript.prelude] + script.chunks).joined(separator: "\n"))
        var answer = ProbeAnswer()
        var parser = FrameParser(nonce: "test")
        var section: [UInt8] = []
        bytes.withUnsafeBytes { buffer in
            parser.feed(buffer) { event in
                switch event {
                case .begin: section = []
                case .bytes(_, let more): section += more
                case .end(let number, let code):
                    if let asked = script.section(numbered: number) {
                        answer.take(asked, section, code: code, asked: Set(request.paths))
                    }
                case .mark: break
                }
            }
        }
        return HostState(answer)
    }

    struct Outcome {
        /// What each difference was about, in order.
        var found: [String] = []
        var differences: [Difference] = []
        var deferred: String?
        /// What the steps printed, with the word `failed` where one did.
        var output = ""
        /// What still differs afterwards.
        var left: [String] = []
    }

    /// Plans all in one, applies and verifies.
    ///
    /// - Parameter then: What the shell that applied is asked afterwards; its output is in `output`.
    @discardableResult
    func converge(_ resources: any Resource..., then: String? = nil) throws -> Outcome {
        var outcome = Outcome()
        let steps = try plan(resources, &outcome)
        if !outcome.found.isEmpty {
            let text = try run(([ProbeScript.prelude] + steps + [then ?? ""]).joined(separator: "\n"))
            outcome.output = String(decoding: text, as: UTF8.self)
        }
        var after = try probe(resources)
        for resource in resources { outcome.left += try resource.compare(&after).differences.map(\.what) }
        return outcome
    }

    private func plan(_ resources: [any Resource], _ outcome: inout Outcome) throws -> [String] {
        var host = try probe(resources)
        var script = [ApplyPrelude.text]
        for (number, resource) in resources.enumerated() {
            let comparison = try resource.compare(&host)
            outcome.differences += comparison.differences
            outcome.deferred = outcome.deferred ?? comparison.deferred
            #expect(comparison.differences.isEmpty == comparison.steps.isEmpty)
            script.append("( set -e")
            script += comparison.steps.resolved(number: number)
            script.append(") </dev/null >\"$S/out\" 2>&1; c=$?; cat \"$S/out\"; [ $c = 0 ] || echo failed")
            for (index, content) in comparison.steps.contents.enumerated() {
                guard case .bytes(let bytes) = content else { continue }
                try Files.writeAtomically(bytes, to: "\(base)/stage/c\(number)-\(index)", mode: 0o600)
            }
        }
        outcome.found = outcome.differences.map(\.what)
        return script
    }

    /// Plans one alone, without changing anything.
    func compare(_ resource: some Resource) throws -> Comparison {
        var host = try probe([resource])
        return try resource.compare(&host)
    }

    /// What the host's shell prints.
    func run(_ text: String) throws -> [UInt8] {
        let head = "N=test; S=\(base)/stage; D=\(base)/state; PATH=\(base)/bin:$PATH\n"
        try Files.writeAtomically(Array((head + text + "\n").utf8), to: base + "/script", mode: 0o600)
        let program = shell == .busybox ? [base + "/bin/sh"] : [shell.rawValue]
        var words = program + [base + "/script"]
        if isBoxed {
            let mounts = "mount --make-rprivate / && mount --bind \(base)/etc /etc && mount --bind \(base)/home /home"
            words = ["unshare", "-m", "-u", "sh", "-c", "\(mounts) && exec \"$@\"", "sh"] + words
        }
        _ = try ResourceHarness.spawn(words, output: base + "/output")
        return try Files.read(base + "/output", limit: 64 << 20)
    }

    /// Prepares or looks at the host, in its folder, with the machine's own tools.
    @discardableResult
    func sh(_ text: String) throws -> String {
        let code = try ResourceHarness.spawn(
            ["sh", "-c", "cd \(base) && { \(text.replacing("@", with: folder))\n}"], output: base + ".sh")
        let output = String(decoding: try Files.read(base + ".sh"), as: UTF8.self)
        unlink(base + ".sh")
        try #require(code == 0, "\(text): \(output)")
        return output.hasSuffix("\n") ? String(output.dropLast()) : output
    }

    /// As `sh`, with the box around it.
    func inside(_ text: String) throws -> String {
        String(decoding: try run("{ \(text)\n} 2>&1"), as: UTF8.self)
    }

    private static func spawn(_ words: [String], output path: String) throws -> Int32 {
        let output = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer {
            close(output)
            close(input)
        }
        let child = try ProcessSpawn.start(words[0], words, input: input, output: output, errors: output)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status
    }
}

/// Local files and folders that a test declares.
struct TestLoader: ContentLoader {
    var files: [String: String] = [:]
    var trees: [String: [TreeEntry]] = [:]

    func file(_ name: String) throws(ResourceFault) -> Content {
        guard let text = files[name] else { throw ResourceFault("there is no local file \(name)") }
        return .bytes(Array(text.utf8))
    }

    func template(_ name: String) throws(ResourceFault) -> [UInt8] {
        guard case .bytes(let bytes) = try file(name) else { return [] }
        return bytes
    }

    func tree(_ name: String) throws(ResourceFault) -> [TreeEntry] {
        guard let tree = trees[name] else { throw ResourceFault("there is no local folder \(name)") }
        return tree
    }
}
