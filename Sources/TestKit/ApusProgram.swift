import Base
import Glibc

/// The real `apus`, as built beside the tests.
package enum ApusProgram {
    /// `.build/debug/apus`: the neighbour of the test bundle that runs now.
    package static var path: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let bundle = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Swift Testing may run in a helper of the toolchain; the bundle is then among the arguments.
        let candidates = [bundle] + CommandLine.arguments
        for candidate in candidates where candidate.contains("/debug/") || candidate.contains("/release/") {
            for marker in ["/debug/", "/release/"] {
                guard let range = candidate.utf8Range(of: marker) else { continue }
                let path = candidate[..<range.upperBound] + "apus"
                if access(String(path), X_OK) == 0 { return String(path) }
            }
        }
        return "apus"
    }

    /// The root of the checkout, found from this file's place in it.
    package static func root(file: StaticString = #filePath) -> String {
        let parts = "\(file)".split(separator: "/")
        let end = parts.lastIndex(of: "Sources") ?? parts.lastIndex(of: "Tests") ?? parts.endIndex
        return "/" + parts[..<end].joined(separator: "/")
    }

    /// Starts `apus run` on a file with that text and waits until its admin endpoint says where it listens.
    package static func run(
        _ configuration: String, folder: TemporaryFolder, environment: [String: String?] = [:], arguments: [String] = []
    ) async throws -> RunningApus {
        let file = try folder.write("apus.yaml", configuration)
        let child = try ChildProcess(path, ["run"] + arguments + [file], environment: environment, folder: folder.path)
        let running = RunningApus(child: child, file: file, folder: folder)
        try await eventually("apus says where it listens") {
            if child.hasEnded {
                throw ApusError(code: "ended", "apus ended with \(await child.wait()): \(child.errors)")
            }
            return running.address != nil && running.errors.contains("apus started")
        }
        return running
    }
}

/// An `apus run` under test; it is killed with its last reference.
package final class RunningApus: Sendable {
    package let child: ChildProcess
    package let file: String
    private let folder: TemporaryFolder

    fileprivate init(child: ChildProcess, file: String, folder: TemporaryFolder) {
        self.child = child
        self.file = file
        self.folder = folder
    }

    package var errors: String { child.errors }

    /// Of the last start or replacement of the admin endpoint: `http://127.0.0.1:43210`, without the last slash.
    package var address: String? {
        let marker = #""address":"http://"#
        guard let line = errors.split(separator: "\n").last(where: { $0.contains(marker) }),
            let start = String(line).components(after: marker)
        else { return nil }
        return "http://" + start.prefix { $0 != "\"" && $0 != "/" }
    }

    /// Replaces the configuration file, as an editor would.
    package func write(_ configuration: String) throws {
        try Files.writeAtomically(Array(configuration.utf8), to: file)
    }

    /// Sends SIGHUP and waits until the log tells the outcome.
    ///
    /// - Returns: Whether the new file was taken over.
    @discardableResult
    package func reload() async throws -> Bool {
        let before = outcomes
        child.signal(SIGHUP)
        try await eventually("the reload is told") { self.outcomes.count > before.count }
        return outcomes.last == true
    }

    private var outcomes: [Bool] {
        errors.split(separator: "\n").compactMap { line in
            if line.contains(#""message":"configuration reloaded""#) { return true }
            return line.contains(#""message":"reload failed"#) ? false : nil
        }
    }
}

extension String {
    fileprivate func utf8Range(of needle: String) -> Range<String.Index>? {
        firstRange(of: needle)
    }

    fileprivate func components(after marker: String) -> Substring? {
        firstRange(of: marker).map { self[$0.upperBound...] }
    }
}
