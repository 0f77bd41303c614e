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
              apus logs decrypt access.log.zst.enc --key file:/etc/apus/logs.keys --into access.log
            """)

    @Argument(help: "The sealed file.", completion: .file())
    var file: String

    @Option(help: ArgumentHelp("Who wraps keys, in place of whom the header names.", valueName: "uri"))
    var key: String?

    @Option(help: ArgumentHelp("The file to write; left out: standard output.", valueName: "file"))
    var into: String?

    func run() async throws {
        let stores = SystemStores(time: SystemTime())
        let reader = try await PlainReader(
            LocalFile(file), keys: key.map { GivenKey(stores: stores, uri: $0) } ?? stores)
        if let into {
            let slash = into.lastIndex(of: "/")
            let folder = slash.map { $0 == into.startIndex ? "/" : String(into[..<$0]) } ?? "."
            let output = try WholeFile(
                folder: folder, name: slash.map { String(into[into.index(after: $0)...]) } ?? into)
            try await reader.whole { try output.write($0) }
            try output.finish()
        } else {
            try await reader.whole { try Files.writeAll($0, to: STDOUT_FILENO, name: "standard output") }
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
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
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
