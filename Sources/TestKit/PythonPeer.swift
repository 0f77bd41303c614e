import Base
import Glibc

/// Python programs that tests of rooms below the binary talk to: `Tests/peers/…`, or one from docs/.
package enum PythonPeer {
    /// The first of `$APUS_PYTHON`, the checkout's .venv and PATH's `python3` that has all these modules.
    ///
    /// - Throws: `ApusError` `no-python` with the way to get them.
    package static func interpreter(with modules: [String], folder: TemporaryFolder) async throws -> String {
        let chosen = ProcessEnvironment.current()["APUS_PYTHON"]
        let local = "\(ApusProgram.root())/.venv/bin/python3"
        let candidates = [chosen, access(local, X_OK) == 0 ? local : nil, "python3"].compactMap { $0 }
        let program = "import " + modules.joined(separator: ", ")
        for candidate in candidates {
            guard let (code, _, _) = try? await ChildProcess.run(candidate, ["-c", program], folder: folder.path) else {
                continue
            }
            if code == 0 { return candidate }
        }
        throw ApusError(code: "no-python", "no Python has \(modules): run scripts/install-test-tools.sh")
    }

    /// Runs a program, whose path begins at the root of the checkout, to its end.
    ///
    /// - Returns: Its standard output.
    /// - Throws: `ApusError` `no-python`, or `peer-failed` with what it complains about.
    @discardableResult
    package static func run(
        _ script: String, _ arguments: [String], modules: [String], folder: TemporaryFolder
    ) async throws -> String {
        let python = try await interpreter(with: modules, folder: folder)
        let words = ["\(ApusProgram.root())/\(script)"] + arguments
        let (code, output, errors) = try await ChildProcess.run(python, words, folder: folder.path)
        guard code == 0 else { throw ApusError(code: "peer-failed", "\(script) \(arguments): \(output)\(errors)") }
        return output
    }
}
