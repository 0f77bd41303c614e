import Base
import Glibc
import TestKit
import Testing

/// The unit as installed, judged by systemd's own tool (apt: systemd; `make test` installs it).
@Suite(.timeLimit(.minutes(2)), .enabled(if: access("/usr/bin/systemd-analyze", X_OK) == 0)) struct UnitFileTests {
    private let folder: TemporaryFolder
    private let units: String

    init() async throws {
        folder = try TemporaryFolder()
        units = "\(folder.path)/etc/systemd/system"
        let result = try await ChildProcess.run(
            ApusProgram.path, ["install", "--root", folder.path, "--socket", "--logs", "--systemd-version", "252"],
            folder: folder.path)
        try #require(result.code == 0, "\(result.errors)")
    }

    @Test func systemdFindsNothingToComplainOf() async throws {
        let result = try await ChildProcess.run(
            "systemd-analyze",
            ["verify", "--man=no", "--root", folder.path, "apus.service", "apus.socket", "logsyncd.service"],
            folder: folder.path)
        // The tree holds nothing but apus: neither systemd's own targets nor kill(1).
        let complaints = result.errors.split(separator: "\n").filter {
            !$0.hasSuffix(".target not found.") && !$0.contains("/bin/kill is not executable")
        }
        #expect(complaints == [], "\(result.errors)")
    }

    @Test func theHardeningScoreIsUnderTwo() async throws {
        let result = try await ChildProcess.run(
            "systemd-analyze", ["security", "--offline=true", "--no-pager", "\(units)/apus.service"],
            folder: folder.path)
        // "→ Overall exposure level for apus.service: 1.9 OK 🙂"
        let line = result.output.split(separator: "\n").last { $0.contains("Overall exposure level") }
        let score = line?.split(separator: " ").compactMap { Double($0) }.first
        #expect(try #require(score, "\(result.output) \(result.errors)") < 2.0)
    }
}
