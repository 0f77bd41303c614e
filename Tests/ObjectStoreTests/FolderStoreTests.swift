import Base
import Glibc
import ObjectStore
import TestKit
import Testing

/// What only a folder does: the disk beneath it.
@Suite(.timeLimit(.minutes(2))) struct FolderStoreTests {
    private let folder: TemporaryFolder
    private var root: String { "\(folder.path)/store" }

    init() throws { folder = try TemporaryFolder() }

    /// As after a restart: nothing is known but what is on the disk.
    private func store() -> FolderStore { FolderStore(root: root, time: SystemTime()) }

    private func status(_ path: String) -> stat? {
        var status = stat()
        return lstat("\(root)/\(path)", &status) == 0 ? status : nil
    }

    @Test func writesPlainFilesThatOthersCannotRead() async throws {
        _ = try await store().putObject("a/b.txt", Array("hello".utf8), ObjectAttributes())
        #expect(try Files.read("\(root)/a/b.txt") == Array("hello".utf8))
        #expect(
            status("a/b.txt").map { $0.st_mode & 0o7777 } == 0o600 && status("a").map { $0.st_mode & 0o7777 } == 0o700)
        #expect(store().name == "file://\(root)/")
    }

    @Test func remembersAfterARestart() async throws {
        let receipt = try await store().putObject("key", [1], ObjectAttributes(metadata: [("n", "ü \"x\"")]))
        let info = try await store().head("key")
        #expect(info?.eTag == receipt.eTag && info?.metadata == ["n": "ü \"x\""])
        let upload = try await store().beginUpload("big", ObjectAttributes(metadata: [("m", "2")]))
        var receipts = [try await store().uploadPart(upload, 1, someBytes(5000, seed: 1))]
        receipts.append(try await store().uploadPart(upload, 3, someBytes(3000, seed: 3)))
        receipts.append(try await store().uploadPart(upload, 2, someBytes(4000, seed: 2)))
        #expect(try await store().unfinishedUploads("") == [upload])
        let done = try await store().completeUpload(upload, receipts, ObjectAttributes())
        let big = try await store().head("big")
        #expect(big?.metadata == ["m": "2"] && big?.eTag == done.eTag)
        #expect(
            try await store().read("big", range: nil) == someBytes(5000, seed: 1) + someBytes(4000, seed: 2)
                + someBytes(3000, seed: 3))
    }

    @Test func writesPartsThatComeInOrderOnce() async throws {
        let store = store()
        let upload = try await store.beginUpload("big", ObjectAttributes())
        let first = try await store.uploadPart(upload, 1, someBytes(5000, seed: 1))
        let data = ".apus-store/uploads/\(upload.id)/data"
        let inode = try #require(status(data)).st_ino
        _ = try await store.completeUpload(upload, [first], ObjectAttributes())
        #expect(status("big")?.st_ino == inode)
        #expect(status(".apus-store/uploads/\(upload.id)") == nil)
    }

    @Test func countsForeignFilesAndNoLinks() async throws {
        _ = try await store().putObject("a", [1], ObjectAttributes(metadata: [("n", "1")]))
        try Files.writeAtomically([1, 2], to: "\(root)/foreign")
        try Files.writeAtomically([9], to: "\(folder.path)/outside")
        #expect(symlink("../outside", "\(root)/link") == 0 && symlink("..", "\(root)/up") == 0)
        #expect(mkfifo("\(root)/pipe", 0o600) == 0)
        let store = store()
        #expect(try await store.list("", after: nil, limit: 10).objects.map(\.key) == ["a", "foreign"])
        let foreign = try #require(try await store.head("foreign"))
        #expect(foreign.size == 2 && foreign.metadata.isEmpty && !foreign.eTag.isEmpty)
        #expect(try await store.head("pipe") == nil)
        for key in ["link", "up/outside", "up/new"] {
            await #expect(throws: ApusError.self) { _ = try await store.read(key, range: nil) }
        }
        await #expect(throws: ApusError.self) { _ = try await store.putObject("up/new", [1], ObjectAttributes()) }
        #expect(access("\(folder.path)/new", F_OK) != 0)
        await #expect(throws: ApusError.self) { _ = try await store.putObject("link", [3], ObjectAttributes()) }
        #expect(try Files.read("\(folder.path)/outside") == [9])
        // Somebody wrote in our file: the record is not its any more.
        try Files.writeAtomically([5, 5, 5], to: "\(root)/a")
        #expect(try await store.head("a")?.metadata == [:])
    }

    @Test func refusesItsOwnNamesAndKeysThatAreFolders() async throws {
        let store = store()
        await expectCode("key-invalid") { _ = try await store.putObject(".apus-store/lock", [1], ObjectAttributes()) }
        await expectCode("key-invalid") { _ = try await store.read("x/.apus-y", range: nil) }
        _ = try await store.putObject("a/b", [1], ObjectAttributes())
        await expectCode("store-failed") { _ = try await store.putObject("a", [1], ObjectAttributes()) }
        await expectCode("store-failed") { _ = try await store.putObject("a/b/c", [1], ObjectAttributes()) }
        #expect(try await store.read("a/b", range: nil) == [1])
    }

    /// The record stands before the object does; a crash between leaves the old object with its own record.
    @Test func keepsTheOldRecordUntilTheObjectIsReplaced() async throws {
        let store = store()
        let old = try await store.putObject("key", [1], ObjectAttributes(metadata: [("n", "old")]))
        #expect(link("\(root)/key", "\(folder.path)/saved") == 0)
        _ = try await store.putObject("key", [2, 2], ObjectAttributes(metadata: [("n", "new")]))
        #expect(try await store.head("key")?.metadata == ["n": "new"])
        // As if rename(2) had not come: the old file, and both records.
        #expect(rename("\(folder.path)/saved", "\(root)/key") == 0)
        let info = try await store.head("key")
        #expect(info?.metadata == ["n": "old"] && info?.eTag == old.eTag)
    }

    @Test func endsAnUploadThatACrashHasCutShort() async throws {
        let upload = try await store().beginUpload("big", ObjectAttributes())
        let part = try await store().uploadPart(upload, 1, someBytes(5000))
        let uploadFolder = "\(root)/.apus-store/uploads/\(upload.id)"
        for name in ["upload", "parts", "data"] {
            #expect(link("\(uploadFolder)/\(name)", "\(folder.path)/\(name)") == 0)
        }
        let done = try await store().completeUpload(upload, [part], ObjectAttributes(ifAbsent: true))
        // The object has its name, and the upload is still there: link(2) was done, its end was not.
        #expect(mkdir(uploadFolder, 0o700) == 0)
        for name in ["upload", "parts", "data"] {
            #expect(link("\(folder.path)/\(name)", "\(uploadFolder)/\(name)") == 0)
        }
        // The bytes are an object's now.
        await expectCode("upload-missing") { _ = try await store().uploadPart(upload, 2, [1]) }
        #expect(try await store().completeUpload(upload, [part], ObjectAttributes(ifAbsent: true)) == done)
        #expect(try await store().read("big", range: nil) == someBytes(5000))
        #expect(status(".apus-store/uploads/\(upload.id)") == nil)
    }

    /// A part counts when its line is whole on the disk, and not before.
    @Test func forgetsAPartWhoseLineIsCut() async throws {
        let upload = try await store().beginUpload("big", ObjectAttributes())
        let first = try await store().uploadPart(upload, 1, someBytes(5000, seed: 1))
        let second = try await store().uploadPart(upload, 2, someBytes(5000, seed: 2))
        let lines = "\(root)/.apus-store/uploads/\(upload.id)/parts"
        let whole = try Files.read(lines)
        try Files.writeAtomically(Array(whole.dropLast(20)), to: lines, mode: 0o600)
        await expectCode("checksum-mismatch") {
            _ = try await store().completeUpload(upload, [first, second], ObjectAttributes())
        }
        let again = try await store().uploadPart(upload, 2, someBytes(4000, seed: 3))
        _ = try await store().completeUpload(upload, [first, again], ObjectAttributes())
        #expect(try await store().read("big", range: nil) == someBytes(5000, seed: 1) + someBytes(4000, seed: 3))
    }

    private func onMemory(size: String, _ body: () async throws -> Void) async throws {
        #expect(mkdir(root, 0o700) == 0)
        let arguments = ["-t", "tmpfs", "-o", "size=\(size)", "tmpfs", root]
        let mounted = try await ChildProcess.run("mount", arguments, folder: folder.path)
        try #require(mounted.code == 0, "\(mounted.errors)")
        defer { umount2(root, Int32(MNT_DETACH)) }
        try await body()
    }

    @Test func tellsThatTheDiskIsFull() async throws {
        try await onMemory(size: "256k") {
            let store = store()
            _ = try await store.putObject("small", [1], ObjectAttributes())
            await expectCode("store-full") {
                _ = try await store.putObject("large", someBytes(1 << 20), ObjectAttributes())
            }
            #expect(try await store.head("large") == nil)
            // What was begun is gone: there is room again.
            _ = try await store.putObject("middle", someBytes(100_000), ObjectAttributes())
            #expect(try await store.list("", after: nil, limit: 10).objects.map(\.key) == ["middle", "small"])
        }
    }

    /// Faster than the clock of files goes: size and time are the same.
    @Test func tellsVersionsApartThatComeAtOnce() async throws {
        try await onMemory(size: "16m") {
            let store = store()
            for number in 0..<200 {
                let receipt = try await store.putObject(
                    "key", [UInt8(number)], ObjectAttributes(metadata: [("n", "\(number)")]))
                let info = try await store.head("key")
                #expect(info?.eTag == receipt.eTag && info?.metadata == ["n": "\(number)"])
            }
        }
    }

    @Test func oneOfManyWritersWins() async throws {
        let path = root
        let winners = await withTaskGroup(of: Int?.self) { group in
            for number in 0..<20 {
                // Each a store of its own, as processes are.
                group.addTask {
                    let store = FolderStore(root: path, time: SystemTime())
                    let receipt = try? await store.putObject(
                        "key", [UInt8(number)], ObjectAttributes(metadata: [("n", "\(number)")], ifAbsent: true))
                    return receipt == nil ? nil : number
                }
            }
            var winners: [Int] = []
            for await winner in group { if let winner { winners.append(winner) } }
            return winners
        }
        #expect(winners.count == 1)
        #expect(try await store().read("key", range: nil) == winners.map { UInt8($0) })
        #expect(try await store().head("key")?.metadata == ["n": "\(winners.first ?? -1)"])
    }
}
