import Base
import Glibc
import TestKit
import Testing

/// What an ordinary user sees; needs root to become one.
@Suite(.timeLimit(.minutes(2)), .enabled(if: geteuid() == 0)) struct InstallUserTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func installAsNobody(_ arguments: [String]) async throws -> (code: Int32, output: String, errors: String) {
        try await ChildProcess.run(
            "setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", ApusProgram.path, "install"] + arguments,
            folder: folder.path)
    }

    @Test func onlyRootMayInstallToTheHost() async throws {
        let result = try await installAsNobody([])
        #expect(result.code == 1)
        #expect(result.errors.contains("only root can install to /"))
        #expect(result.output == "")
    }

    @Test func aReadOnlyTargetIsToldBeforeTheFirstWrite() async throws {
        let root = "\(folder.path)/root"
        chmod(folder.path, 0o755)
        try #require(mkdir(root, 0o755) == 0 && mkdir("\(root)/usr", 0o777) == 0)
        chmod("\(root)/usr", 0o777)
        let result = try await installAsNobody(["--root", root])
        #expect(result.code == 1)
        #expect(result.errors.contains("cannot write to \(root): Permission denied"))
        // usr is open to all, so a run that began before it had looked at everything would have left something there.
        #expect(access("\(root)/usr/local", F_OK) != 0)
    }
}
