import Base
import Glibc
import TestKit
import Testing

/// The real programs that the tests of the binary talk to. One that is missing makes a test fail, with the way to get it.
enum Peers {
    /// `$APUS_PYTHON`, or the virtual environment that the script fills, or what PATH has.
    static var python: String {
        if let chosen = ProcessEnvironment.current()["APUS_PYTHON"] { return chosen }
        let local = "\(ApusProgram.root())/.venv/bin/python3"
        return access(local, X_OK) == 0 ? local : "python3"
    }

    static func script(_ name: String) -> String { "\(ApusProgram.root())/Tests/peers/\(name)" }

    /// Starts one of our Python peers.
    static func start(
        _ script: String, _ arguments: [String], folder: TemporaryFolder
    ) throws -> ChildProcess {
        try ChildProcess(python, [self.script(script)] + arguments, folder: folder.path)
    }

    /// Runs one of our Python peers to its end; whatever it complains about fails the test.
    @discardableResult
    static func run(
        _ script: String, _ arguments: [String], folder: TemporaryFolder,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let child = try start(script, arguments, folder: folder)
        let code = await child.wait()
        #expect(code == 0, "\(script): \(child.output)\(child.errors)\(hint)", sourceLocation: sourceLocation)
        return child.output
    }

    static let hint = "\n(what is missing is installed by scripts/install-test-tools.sh)"

    /// Fails with a way out where a program is not there.
    static func require(_ programs: String..., sourceLocation: SourceLocation = #_sourceLocation) throws {
        let folders = (ProcessEnvironment.current()["PATH"] ?? "").split(separator: ":")
        for program in programs {
            let isThere = folders.contains { access("\($0)/\(program)", X_OK) == 0 }
            try #require(
                isThere, "\(program) is missing: run scripts/install-test-tools.sh", sourceLocation: sourceLocation)
        }
    }
}
