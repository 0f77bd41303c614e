import ArgumentParser
import Base
import Glibc
import LogArchive

/// `apus logs decrypt FILE`: one sealed file, without rules.
struct LogsDecrypt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decrypt",
        abstract: "Open one sealed file: decrypt it, decompress it, and print it or write it to a file.",
        discussion: """
            The file's header says which key has wrapped its own. A key that is a program's (exec:) must be given by --key,
            because a header may be anybody's. With --into the file appears when all of it is right; standard output gets
            what is proven so far, and the exit code tells the rest.

            EXAMPLES
              apus logs decrypt access.log.zst.enc | less
              ssh web1 cat access.log.zst.enc | apus logs decrypt -
              apus logs decrypt access.log.zst.enc --key file:/etc/apus/logs.keys --into access.log
            """)

    @Argument(help: "The sealed file; - for standard input.", completion: .file())
    var file: String

    @Option(help: ArgumentHelp("Who wraps keys, in place of whom the header names.", valueName: "uri"))
    var key: String?

    @Option(help: ArgumentHelp("The file to write; left out: standard output.", valueName: "file"))
    var into: String?

    func run() async throws {
        let stores = SystemStores(time: SystemTime())
        let reader = try await PlainReader(
            LocalFile(file), keys: key.map { GivenKey(stores: stores, uri: $0) } ?? stores, expects: .sealedOrPacked)
        if let into {
            let slash = into.lastIndex(of: "/")
            let folder = slash.map { $0 == into.startIndex ? "/" : String(into[..<$0]) } ?? "."
            let output = try WholeFile(
                folder: folder, name: slash.map { String(into[into.index(after: $0)...]) } ?? into)
            try await reader.whole { try output.write($0) }
            try output.finish()
        } else {
            do {
                try await reader.whole { try PipedOutput.write($0) }
            } catch let failed as PipedOutput.Failed {
                throw failed.error
            }
        }
        await stores.shutdown()
    }
}

/// A file of this host, anywhere.
private final class LocalFile: ByteSource {
    private let descriptor: Int32
    private let path: String
    let size: Int64

    init(_ path: String) throws(ApusError) {
        self.path = path == "-" ? "standard input" : path
        descriptor =
            path == "-"
            ? try StandardInput.file() : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw Files.failure("read-failed", "cannot read \(path)") }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ApusError(code: "read-failed", "cannot read \(path): it is not a regular file")
        }
        size = Int64(status.st_size)
    }

    deinit { close(descriptor) }

    func read(_ range: Range<Int64>) async throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + done, $0.count - done, Int(range.lowerBound) + done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw ApusError(code: "source-short", "\(path) is shorter than it was")
            }
            done += count
        }
        return bytes
    }
}

/// Standard input as a file that can be read anywhere: itself where it is one, else a copy without a name.
private enum StandardInput {
    static func file() throws(ApusError) -> Int32 {
        var status = stat()
        if fstat(STDIN_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
            return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
        }
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
        var template = Array("\(folder)/apus-decrypt-XXXXXX".utf8CString)
        let copy = mkstemp(&template)
        guard copy >= 0 else { throw Files.failure("write-failed", "cannot make a file in \(folder)") }
        _ = fcntl(copy, F_SETFD, FD_CLOEXEC)
        unlink(template)
        do throws(ApusError) {
            try fill(copy, folder)
        } catch {
            close(copy)
            throw error
        }
        return copy
    }

    private static func fill(_ copy: Int32, _ folder: String) throws(ApusError) {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Files.failure("read-failed", "cannot read standard input") }
            if count == 0 { return }
            try Files.writeAll(Array(buffer[..<count]), to: copy, name: "a file in \(folder)")
        }
    }
}
