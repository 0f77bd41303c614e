import Base
import Glibc
import SSHTransport
import Settings
import TestKit
import Testing

@testable import HostSync

/// A shell that stands in for a host: the probe's own text and the apply's own text are run by it, on this machine or in
/// a root of the test's.
struct ShellHost {
    /// Words before `-c`: `dash`, `busybox sh`, `bash --posix`.
    var shell = ["dash"]
    /// The root of another system and the words that enter it; nil is this machine.
    var root: String?
    var entry: [String] = []
    /// Directories before PATH, for programs that stand in for others.
    var tools: String?
    let folder: String

    static let shells = [["dash"], ["busybox", "sh"], ["bash", "--posix"]]
    private static let nonce = "0123456789abcdef0123456789abcdef"

    func answer(_ resources: [any Resource]) async throws -> ProbeAnswer {
        var request = ProbeRequest()
        for resource in resources { resource.probe(&request) }
        let script = ProbeScript(request)
        let (_, output) = try await run(([ProbeScript.prelude] + script.chunks).joined(separator: "\n"))
        var answer = ProbeAnswer()
        var parser = FrameParser(nonce: Self.nonce)
        var bytes: [UInt8] = []
        Array(output.utf8).withUnsafeBytes { buffer in
            parser.feed(buffer) { event in
                switch event {
                case .begin: bytes = []
                case .bytes(_, let more): bytes += more
                case .end(let index, let code):
                    answer.take(script.sections[index], bytes, code: code, asked: Set(request.paths))
                case .mark: break
                }
            }
        }
        return answer
    }

    /// - Returns: What the step printed, nil when it went well.
    func apply(_ steps: StepScript) async throws -> String? {
        let place = "/tmp/apus-step-\(UInt32.random(in: 0...UInt32.max))"
        let stage = (root ?? "") + place
        mkdir((root ?? "") + "/tmp", 0o1777)
        mkdir(stage, 0o700)
        defer { remove(stage) }
        for (index, content) in steps.contents.enumerated() {
            guard case .bytes(let bytes) = content else { continue }
            try write("\(stage)/c7-\(index)", bytes)
        }
        for case (let index, .file(let path, _, _)) in steps.contents.enumerated() {
            _ = try await ChildProcess.run("cp", [path, "\(stage)/c7-\(index)"], folder: folder)
        }
        let text = """
            \(ProbeScript.prelude)
            S=\(place); D=\(place)
            \(ApplyPrelude.text)
            ( set -e
            \(steps.resolved(number: 7).joined(separator: "\n"))
            ) </dev/null >"$S/out" 2>&1
            c=$?; cat "$S/out"; exit $c
            """
        let (code, output) = try await run(text)
        return code == 0 ? nil : output.isEmpty ? "failed with \(code)" : output
    }

    /// Probes, applies, probes again: the second comparison must find nothing.
    ///
    /// - Returns: The first one.
    @discardableResult
    func converge(_ resource: some Resource, _ location: SourceLocation = #_sourceLocation) async throws -> Comparison {
        var state = HostState(try await answer([resource]))
        let first = try resource.compare(&state)
        #expect(first.deferred == nil, sourceLocation: location)
        if let message = try await apply(first.steps) {
            Issue.record("the step failed: \(message)", sourceLocation: location)
        }
        if !first.isAction {
            var after = HostState(try await answer([resource]))
            let second = try resource.compare(&after)
            #expect(second.differences == [], sourceLocation: location)
        }
        return first
    }

    func run(_ script: String) async throws -> (code: Int32, output: String) {
        let path = tools.map { "PATH=\($0):$PATH; export PATH\n" } ?? ""
        let words = entry + shell + ["-c", "N=\(Self.nonce)\n\(path)\(script)"]
        let result = try await ChildProcess.run(words[0], Array(words.dropFirst()), folder: folder)
        return (result.code, result.output)
    }

    private func write(_ path: String, _ bytes: [UInt8]) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        try #require(descriptor >= 0)
        #expect(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
    }

    private func remove(_ stage: String) {
        // Files only: no kind leaves a folder there.
        guard let folder = opendir(stage) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            unlink("\(stage)/\(name)")
        }
        closedir(folder)
        rmdir(stage)
    }
}

/// Reads a declaration as a site file has it behind the keyword.
func declared<Kind: Resource>(
    _ type: Kind.Type, _ yaml: String, files: [String: String] = [:], _ location: SourceLocation = #_sourceLocation
) throws -> Kind {
    let result = SettingsReader.read(type, Array(yaml.utf8), file: "test.yaml", references: NoReferences())
    var resource = try #require(result.group, "\(result.complaints)", sourceLocation: location)
    try resource.load(FixedFiles(files: files))
    return resource
}

func complaints<Kind: Resource>(_ type: Kind.Type, _ yaml: String) -> String {
    SettingsReader.read(type, Array(yaml.utf8), file: "test.yaml", references: NoReferences())
        .complaints.map { "\($0)" }.joined(separator: "\n")
}

/// A host state from what queries printed.
func hostState(_ queries: [(Query, String)], paths: [String: PathStatus] = [:], contents: [String: String] = [:])
    -> HostState
{
    var answer = ProbeAnswer()
    for (query, text) in queries { answer.queries[query.name] = (text, 0) }
    answer.paths = paths.mapValues { .present($0) }
    for (path, text) in contents {
        let bytes = Array(text.utf8)
        answer.contents[path] = bytes
        answer.paths[path] = .present(
            PathStatus(kind: .file, mode: 0o644, size: bytes.count, digest: ContentDigest.of(bytes)))
    }
    return HostState(answer)
}

/// `enabled: disabled → enabled`, one a line.
func told(_ comparison: Comparison) -> [String] {
    if let why = comparison.deferred { return ["deferred: \(why)"] }
    return comparison.differences.map { "\($0.what): \($0.old ?? "-") → \($0.new ?? "-")" }
}

private struct FixedFiles: ContentLoader {
    let files: [String: String]

    func file(_ name: String) throws(ResourceFault) -> Content {
        guard let path = files[name] else { throw ResourceFault("no file \(name)") }
        do {
            let (size, digest) = try ContentDigest.ofFile(path)
            return .file(path: path, size: size, digest: digest)
        } catch { throw ResourceFault(error.message) }
    }

    func template(_ name: String) throws(ResourceFault) -> [UInt8] {
        guard let text = files[name] else { throw ResourceFault("no template \(name)") }
        return Array(text.utf8)
    }

    func tree(_ name: String) throws(ResourceFault) -> [TreeEntry] { [] }
}
