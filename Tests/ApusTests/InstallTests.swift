import Base
import Glibc
import TestKit
import Testing

private let unit = "etc/systemd/system/apus.service"
private let configuration = "etc/apus/apus.yaml"

/// The real program installs into a tree of its own.
@Suite(.timeLimit(.minutes(5))) struct InstallTests {
    private let folder: TemporaryFolder
    private let root: String

    init() throws {
        folder = try TemporaryFolder()
        root = "\(folder.path)/root"
        try #require(mkdir(root, 0o755) == 0)
    }

    private func install(_ arguments: String...) async throws -> (code: Int32, output: String, errors: String) {
        try await ChildProcess.run(
            ApusProgram.path, ["install", "--root", root] + arguments, environment: ["COLUMNS": "200"],
            folder: folder.path)
    }

    /// The permission bits in octal, nil when nothing is there.
    private func mode(_ path: String) -> String? {
        var status = stat()
        guard lstat("\(root)/\(path)", &status) == 0 else { return nil }
        return String(status.st_mode & 0o7777, radix: 8)
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try Files.read("\(root)/\(path)"), as: UTF8.self)
    }

    /// A file of the repository.
    private func source(_ path: String) throws -> String {
        let repository = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return String(decoding: try Files.read("/\(repository)/\(path)"), as: UTF8.self)
    }

    private func makeFolder(_ path: String) {
        var place = root
        for part in path.split(separator: "/") {
            place += "/\(part)"
            mkdir(place, 0o755)
        }
    }

    @Test func writesEverythingOnceWithItsMode() async throws {
        let first = try await install("--systemd-version", "253", "--socket")
        #expect(first.code == 0, "\(first.errors)")
        for (path, expected) in [
            ("usr/local/bin/apus", "755"), (unit, "644"), ("\(unit).d/notify-reload.conf", "644"),
            ("etc/systemd/system/apus.socket", "644"), ("etc/sysusers.d/apus.conf", "644"),
            ("etc/tmpfiles.d/apus.conf", "644"), ("etc/apus", "750"), ("var/lib/apus", "750"), (configuration, "640"),
            ("usr/local/share/bash-completion/completions/apus", "644"),
            ("usr/local/share/zsh/site-functions/_apus", "644"),
            ("usr/local/share/fish/vendor_completions.d/apus.fish", "644"),
        ] {
            #expect(mode(path) == expected, "\(path)")
        }
        #expect(try text(unit) == source("packaging/systemd/apus.service"))
        #expect(try text(configuration) == source("examples/apus.yaml"))
        #expect(first.output.contains("systemctl --root=\(root) enable apus.socket apus.service"))

        let second = try await install("--systemd-version", "253", "--socket")
        #expect(second.code == 0)
        #expect(second.output.contains("nothing to do"))
        #expect(!second.output.contains("created") && !second.output.contains("updated"))
        #expect(second.output.contains("kept"))

        // What was installed works: the program itself, with the configuration that it wrote.
        let check = try await ChildProcess.run(
            "\(root)/usr/local/bin/apus", ["check", "\(root)/\(configuration)"], folder: folder.path)
        #expect(check.code == 0, "\(check.errors)")
    }

    @Test func logsGetAUnitAndAFolderOfRules() async throws {
        let result = try await install("--logs")
        #expect(result.code == 0, "\(result.errors)")
        #expect(try text("etc/systemd/system/logsyncd.service") == source("packaging/systemd/logsyncd.service"))
        #expect(mode("etc/logsyncd/rules") == "755")
        #expect(result.output.contains("systemctl --root=\(root) enable apus.service logsyncd.service"))
    }

    @Test func mendsWhatDiffersAndKeepsTheConfiguration() async throws {
        makeFolder("etc/systemd/system")
        makeFolder("etc/apus")
        try Files.writeAtomically(Array("old\n".utf8), to: "\(root)/\(unit)", mode: 0o600)
        try Files.writeAtomically(Array("disk: {}\n".utf8), to: "\(root)/\(configuration)", mode: 0o600)
        let result = try await install()
        #expect(result.code == 0, "\(result.errors)")
        #expect(try text(unit) == source("packaging/systemd/apus.service"))
        #expect(mode(unit) == "644")
        #expect(try text(configuration) == "disk: {}\n")
        #expect(mode(configuration) == "600")
        #expect(mode("etc/apus") == "750")
        #expect(mode("\(unit).d/notify-reload.conf") == nil)
        #expect(result.output.contains("--systemd-version was not given"))
    }

    @Test func aDryRunWritesNothingAndShowsTheDifference() async throws {
        let empty = try await install("--dry-run")
        #expect(empty.code == 0)
        #expect(empty.output.contains("nothing was changed"))
        #expect(mode("etc") == nil && mode("usr") == nil && mode("var") == nil)
        makeFolder("etc/systemd/system")
        let old = try source("packaging/systemd/apus.service").split(separator: "WatchdogSec=30s").joined(
            separator: "Nice=7")
        try Files.writeAtomically(Array(old.utf8), to: "\(root)/\(unit)")
        let result = try await install("--dry-run")
        #expect(result.output.contains("    -Nice=7\n    +WatchdogSec=30s\n"))
        #expect(try text(unit) == old)
    }

    @Test func tellsTheSameAsJSON() async throws {
        let result = try await install("--dry-run", "--output", "json")
        #expect(result.code == 0)
        #expect(
            result.output.hasPrefix(
                #"{"dryRun":true,"changed":false,"items":[{"path":"/usr/local/bin/apus","action":"create""#))
    }

    @Test func neverWritesThroughALinkOutOfTheRoot() async throws {
        let outside = try folder.write("outside.yaml", "mine\n")
        makeFolder("etc/apus")
        try #require(symlink(outside, "\(root)/\(configuration)") == 0)
        let kept = try await install("--dry-run")
        #expect(kept.code == 0)
        #expect(kept.output.contains("a link to \(outside)"))
        // A unit that is a link (a masked one) stops everything.
        makeFolder("etc/systemd/system")
        try #require(symlink(outside, "\(root)/\(unit)") == 0)
        let refused = try await install()
        #expect(refused.code == 1)
        #expect(refused.errors.contains("/\(unit) is a symbolic link to \(outside)"))
        #expect(mode("usr") == nil && mode("etc/sysusers.d") == nil)
        #expect(String(decoding: try Files.read(outside), as: UTF8.self) == "mine\n")
    }

    @Test func aFolderThatLeadsOutOfTheRootIsResolvedInsideOfIt() async throws {
        let outside = "\(folder.path)/outside"
        try #require(mkdir(outside, 0o755) == 0)
        try #require(symlink(outside, "\(root)/etc") == 0)
        let refused = try await install()
        #expect(refused.code == 1)
        #expect(refused.errors.contains("\(root)/etc is a symbolic link to nothing"))
        #expect(access("\(outside)/apus", F_OK) != 0 && mode("usr") == nil)
        // As in an image whose /etc is a link: absolute, and meant from its own root.
        try #require(unlink("\(root)/etc") == 0)
        makeFolder("usr/etc")
        try #require(symlink("/usr/etc", "\(root)/etc") == 0)
        #expect(try await install("--dry-run").code == 0)
    }

    @Test func nothingIsHalfDoneWhereAFileStandsInTheWay() async throws {
        try folder.write("root/etc", "a file, no folder\n")
        let result = try await install()
        #expect(result.code == 1)
        #expect(result.errors.contains("nothing was installed: "))
        #expect(result.errors.contains("\(root)/etc is no folder"))
        #expect(mode("usr") == nil)
    }

    @Test func aRootThatIsNotThereIsAnError() async throws {
        try #require(rmdir(root) == 0)
        let result = try await install()
        #expect(result.code == 1)
        #expect(result.errors.contains("the root \(root) is no folder"))
    }
}
