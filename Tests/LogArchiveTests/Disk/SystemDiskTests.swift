import Base
import Glibc
import TestKit
import Testing

@testable import LogArchive

/// The kernel's disk keeps what `LogDisk` promises, whatever somebody else does in the folder.
@Suite(.enabled(if: getuid() == 0, "rights are root's to give")) struct SystemDiskTests {
    private static let other = DiskAccount(user: 65534, group: 65534)
    private let temporary: TemporaryFolder
    private var path: String { temporary.path }

    init() throws {
        temporary = try TemporaryFolder()
        chmod(temporary.path, 0o755)
    }

    private func folder(as account: DiskAccount? = nil) throws -> any LogFolder {
        try SystemDisk().folder(path, as: account)
    }

    private func code(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return (error as? ApusError)?.code
        }
    }

    private func ownership(_ name: String) -> String {
        var status = stat()
        lstat("\(path)/\(name)", &status)
        return "\(String(status.st_mode & 0o7777, radix: 8)) \(status.st_uid):\(status.st_gid)"
    }

    /// Who owns a folder, with which mode; who works in it; whether that is safe.
    @Test(arguments: [
        (0o755, UInt32(0), UInt32(0), UInt32?.none, true), (0o775, 0, 0, nil, true), (0o775, 0, 4, nil, false),
        (0o777, 0, 0, nil, false), (0o1777, 0, 0, nil, false), (0o755, 65534, 0, nil, false),
        (0o755, 65534, 65534, 65534, true), (0o775, 0, 65534, 65534, true), (0o777, 65534, 65534, 65534, true),
        // Somebody else's is not theirs either; and as root in everybody's folder is what `su` is to prevent.
        (0o755, 65533, 65534, 65534, false), (0o777, 0, 0, 0, false), (0o775, 0, 4, 0, true),
    ])
    func aFolderIsSafeWhereNobodyElseMayRename(
        mode: Int, user: UInt32, group: UInt32, account: UInt32?, isSafe: Bool
    ) throws {
        chown(path, user, group)
        chmod(path, mode_t(mode))
        let found = code { _ = try folder(as: account.map { DiskAccount(user: $0, group: group) }) }
        #expect(found == (isSafe ? nil : "folder-unsafe"))
    }

    @Test(arguments: [
        ("link", "file-unsafe"), ("pipe", "file-unsafe"), ("folder", "file-unsafe"), ("two names", "file-unsafe"),
        ("nothing", "file-missing"),
    ])
    func onlyAPlainFileIsOpened(kind: String, expected: String) throws {
        try temporary.write("target", "secret\n")
        switch kind {
        case "link": symlink("\(path)/target", "\(path)/x.log")
        case "pipe": mkfifo("\(path)/x.log", 0o600)
        case "folder": mkdir("\(path)/x.log", 0o755)
        case "two names": link("\(path)/target", "\(path)/x.log")
        default: break
        }
        let folder = try folder()
        for access in [FileAccess.read, .readWrite] {
            // Reading a pipe must not wait for its other end: a test that hangs fails, too.
            let found = code { _ = try folder.open("x.log", access, allowHardLinks: false) }
            // A folder does not open for writing at all.
            #expect(found == (kind == "folder" && access == .readWrite ? "read-failed" : expected))
        }
        if kind == "two names" {
            let file = try folder.open("x.log", .read, allowHardLinks: true)
            #expect(try file.read(at: 0, count: 100) == Array("secret\n".utf8))
        }
        #expect(SystemDisk().matches("\(path)/x*") == (kind == "two names" ? ["\(path)/x.log"] : []))
    }

    /// CVE-2011-1098: the mode and the owner are set on the open file, which nobody could open before.
    @Test func aNewFileReplacesNothingAndHasItsOwner() throws {
        let folder = try folder()
        _ = try folder.create("a", FileAttributes(mode: 0o666, user: 65534, group: 4))
        #expect(ownership("a") == "666 65534:4")
        #expect(code { _ = try folder.create("a", .own) } == "file-exists")
        symlink("\(path)/elsewhere", "\(path)/b")
        #expect(code { _ = try folder.create("b", .own) } == "file-exists")
        #expect(try folder.status("elsewhere") == nil, "a link that leads nowhere makes no file there")
    }

    @Test func renamingReplacesNothing() throws {
        let folder = try folder()
        try temporary.write("a", "a\n")
        try temporary.write("b", "b\n")
        #expect(code { try folder.rename("a", to: folder, as: "b") } == "file-exists")
        #expect(code { try folder.rename("c", to: folder, as: "d") } == "file-missing")
        try folder.rename("a", to: folder, as: "c")
        #expect(try folder.names().sorted() == ["b", "c"])
    }

    @Test func onlyTheFileThatIsMeantIsDeleted() throws {
        let folder = try folder()
        try temporary.write("a", "old\n")
        let old = try #require(try folder.status("a")).identity
        // Kept by another name, so that its inode is not given to the new one.
        rename("\(path)/a", "\(path)/kept")
        try temporary.write("a", "new\n")
        try folder.remove("a", old)
        #expect(try folder.names().sorted() == ["a", "kept"])
        try folder.remove("a", try #require(try folder.status("a")).identity)
        #expect(try folder.names() == ["kept"])
        try folder.remove("a", old)
    }

    @Test func aFolderBelowIsNoLink() throws {
        let folder = try folder()
        mkdir("\(path)/real", 0o755)
        symlink("\(path)/real", "\(path)/old")
        #expect(code { _ = try folder.subfolder("old", make: FileAttributes(mode: 0o755)) } == "folder-missing")
        let made = try folder.subfolder("new", make: FileAttributes(mode: 0o2750, user: 0, group: 4))
        #expect(ownership("new") == "2750 0:4")
        #expect(made.path == "\(path)/new")
        #expect(code { _ = try folder.subfolder("none", make: nil) } == "folder-missing")
        mkdir("\(path)/open", 0o777)
        chmod("\(path)/open", 0o777)
        #expect(code { _ = try folder.subfolder("open", make: nil) } == "folder-unsafe")
    }

    @Test func anAccountSeesAndMakesWhatItMay() throws {
        chown(path, 65534, 65534)
        try temporary.write("secret", "secret\n")
        chmod("\(path)/secret", 0o600)
        let folder = try folder(as: SystemDiskTests.other)
        #expect(code { _ = try folder.open("secret", .read, allowHardLinks: false) } == "read-failed")
        _ = try folder.create("made", FileAttributes(mode: 0o640))
        #expect(ownership("made") == "640 65534:65534")
        #expect(
            code { _ = try folder.create("given", FileAttributes(mode: 0o640, user: 0)) } != nil, "it cannot give away")
        #expect(try folder.status("given") == nil, "and leaves nothing behind")
        // Afterwards we are ourselves again.
        try temporary.write("root", "")
        #expect(ownership("root").hasSuffix(" 0:0"))
        #expect(try Files.read("\(path)/secret") == Array("secret\n".utf8))
    }

    @Test func writersAreSeen() throws {
        let folder = try folder()
        try temporary.write("a", "line\n")
        let file = try folder.open("a", .read, allowHardLinks: false)
        #expect(file.hasWriters() == false)
        let writer = open("\(path)/a", O_WRONLY | O_APPEND | O_CLOEXEC)
        #expect(file.hasWriters() == true)
        close(writer)
        #expect(file.hasWriters() == false)
        let reader = open("\(path)/a", O_RDONLY | O_CLOEXEC)
        #expect(file.hasWriters() == false, "who reads changes nothing")
        close(reader)
    }

    @Test func whoComesMeanwhileWaits() async throws {
        let folder = try folder()
        try temporary.write("a", "line\n")
        let file = try folder.open("a", .readWrite, allowHardLinks: false)
        let reader = open("\(path)/a", O_RDONLY | O_CLOEXEC)
        #expect(!file.keepOthersOut(), "somebody has it open")
        close(reader)
        #expect(file.keepOthersOut() && file.keepsOthersOut)
        let path = path
        let (come, isIn) = (Latch(), Latch())
        async let waiter: Void = Task.detached {
            come.open()
            close(open("\(path)/a", O_WRONLY | O_CLOEXEC))
            isIn.open()
        }.value
        try await come.wait()
        try await eventually("the kernel tells that somebody waits") { !file.keepsOthersOut }
        #expect(!isIn.isOpen)
        file.letOthersIn()
        await waiter
    }

    @Test(arguments: [Int64(1_577_934_245_000_000_007), -1_500_000_000, 0])
    func aTimeOfItsOwn(nanoseconds: Int64) throws {
        let folder = try folder()
        try temporary.write("a", "line\n")
        let file = try folder.open("a", .readWrite, allowHardLinks: false)
        let time = WallInstant(nanosecondsSince1970: nanoseconds)
        try file.setModified(time)
        #expect(try file.state().modifiedAt == time)
    }

    /// A log of three blocks and a bit, on the file system of /tmp.
    @Test func theBeginningIsTakenOutWhileSomebodyAppends() throws {
        let folder = try folder()
        let text = (0..<2000).map { "line \($0)\n" }.joined()
        try temporary.write("a", text)
        let file = try folder.open("a", .readWrite, allowHardLinks: false)
        // Elsewhere (tmpfs, overlay) the log is made empty: `logs rotate` on a tmpfs is among the tests of the binary.
        guard let unit = file.collapseUnit else { return }
        #expect(try file.state().size == Int64(text.utf8.count), "asking changes nothing")
        try file.sync()
        let before = try #require(file.firstBlock())
        let writer = open("\(path)/a", O_WRONLY | O_APPEND | O_CLOEXEC)
        defer { close(writer) }
        try Files.writeAll(Array("before\n".utf8), to: writer, name: "a")
        try file.collapse(2 * unit)
        try Files.writeAll(Array("after\n".utf8), to: writer, name: "a")
        let expected = Array((text + "before\nafter\n").utf8).dropFirst(Int(2 * unit))
        #expect(try Files.read("\(path)/a") == Array(expected))
        #expect(file.firstBlock() != before)
        #expect(code { try file.collapse(7) } == "collapse-failed")
    }

    @Test func oneProcessRotatesALog() throws {
        let folder = try folder()
        try temporary.write("a", "line\n")
        let first = try folder.open("a", .readWrite, allowHardLinks: false)
        try first.lock()
        let second = try folder.open("a", .readWrite, allowHardLinks: false)
        #expect(code { try second.lock() } == "log-locked")
        withExtendedLifetime(first) {}
    }
}
