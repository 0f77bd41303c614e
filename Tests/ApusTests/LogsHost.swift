import Base
import FoundationEssentials
import Glibc
import TestKit
import Testing

/// Logs, rules, journal and store of one test, and the real `apus logs` on them.
final class LogsHost: Sendable {
    typealias Result = (code: Int32, output: String, errors: String)

    let folder: TemporaryFolder
    private let environment: [String: String?]

    /// - Parameter environment: Of every `apus`, such as a store's credentials.
    init(environment: [String: String?] = [:]) throws {
        folder = try TemporaryFolder()
        self.environment = environment
        for name in ["logs", "rules", "store", "out"] { mkdir("\(folder.path)/\(name)", 0o700) }
        // Of nginx and others: the tests' own folder lets nobody else through.
        chmod(folder.path, 0o755)
        for name in ["logs", "out"] { chmod("\(folder.path)/\(name)", 0o755) }
    }

    var logs: String { "\(folder.path)/logs" }
    var state: String { "\(folder.path)/state" }
    var store: String { "\(folder.path)/store" }
    var out: String { "\(folder.path)/out" }
    /// The default store of most tests, as a line of a rule.
    var upload: String { "upload: { target: \"file://\(store)/\" }" }

    func log(_ name: String = "app.log") -> String { "\(logs)/\(name)" }

    /// Writes a rule for `logs/*.log`, unless it names its paths.
    func rule(_ text: String, name: String = "app") throws {
        let paths = text.contains("paths:") ? "" : "paths: [\"\(logs)/*.log\"]\n"
        try folder.write("rules/\(name).yaml", paths + text + "\n")
    }

    private func words(_ words: [String]) -> [String] {
        // These take no rules.
        if ["key", "decrypt", "import"].contains(words.first) { return ["logs"] + words }
        return ["logs"] + words + ["--rules", "\(folder.path)/rules"]
            + (words.first == "check" ? [] : ["--state", state])
    }

    func apus(_ words: String...) async throws -> Result { try await run(words) }

    func run(_ words: [String]) async throws -> Result {
        let child = try start(words)
        let code = await child.wait()
        return (code, child.output, child.errors)
    }

    func start(_ words: [String]) throws -> ChildProcess {
        try ChildProcess(ApusProgram.path, self.words(words), environment: environment, folder: out)
    }

    /// Runs a peer, which must succeed.
    @discardableResult
    func peer(
        _ program: String, _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let result = try await ChildProcess.run(program, arguments, environment: environment, folder: out)
        #expect(
            result.code == 0, "\(program) \(arguments): \(result.output)\(result.errors)",
            sourceLocation: sourceLocation)
        return result.output
    }

    /// `apus logs …`, which must end with this code.
    @discardableResult
    func expect(
        _ code: Int32, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Result {
        let result = try await run(words)
        #expect(
            result.code == code, "\(words) ended with \(result.code): \(result.output)\(result.errors)",
            sourceLocation: sourceLocation)
        return result
    }

    /// All that was archived of the log, in order; empty where nothing was.
    func archived(_ log: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let result = try await apus("cat", log)
        let isEmpty = result.errors.contains("nothing is archived")
        #expect(result.code == (isEmpty ? 1 : 0), "\(result.errors)", sourceLocation: sourceLocation)
        return result.output
    }

    /// What the journal says of this host's generations, one JSON a line.
    func here() async throws -> [String] {
        try await expect(0, "status", "--output", "json").output.split(separator: "\n").map(String.init)
            .filter { !$0.contains("\"kind\":\"rule\"") }
    }

    /// Regular files of a folder, in order.
    func names(_ folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    /// The objects of the folder store: data only.
    func objects() -> [String] {
        let all = FileManager.default.enumerator(store)
        return all.filter { !$0.contains("/.apus-store/") && !$0.contains("/apus-manifest/") }.sorted()
    }

    func manifests() -> [String] { FileManager.default.enumerator("\(store)/apus-manifest").sorted() }
}

extension FileManager {
    /// The paths of all regular files below a folder.
    fileprivate func enumerator(_ folder: String) -> [String] {
        ((try? subpathsOfDirectory(atPath: folder)) ?? []).map { "\(folder)/\($0)" }.filter { path in
            var status = stat()
            return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        }
    }
}

/// Small files, as tests want them.
enum TextFile {
    static func read(_ path: String) -> String {
        String(decoding: (try? Files.read(path, limit: 1 << 30)) ?? [], as: UTF8.self)
    }

    static func write(_ path: String, _ text: String) throws { try Files.writeAtomically(Array(text.utf8), to: path) }

    /// Appends, as a writer does.
    static func append(_ path: String, _ text: String) throws {
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw Files.failure("write-failed", "cannot open \(path)") }
        defer { close(file) }
        try Files.writeAll(Array(text.utf8), to: file, name: path)
    }

    static func status(_ path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }

    /// `640 0:4`
    static func ownership(_ path: String) -> String? {
        status(path).map { "\(String($0.st_mode & 0o7777, radix: 8)) \($0.st_uid):\($0.st_gid)" }
    }
}
