import Base
import Glibc
import TestKit

/// A mounted tmpfs of one mebibyte (or what its options say), or ext4 in a file, that a test may fill; it is unmounted with
/// its last reference.
/// Mounting needs root, or sudo without a password.
final class TemporaryFileSystem {
    let path: String

    init(_ path: String, options: String = "size=1m,mode=777") throws {
        self.path = path
        mkdir(path, 0o777)
        try TemporaryFileSystem.command(["mount", "-t", "tmpfs", "-o", options, "apus-test", path])
    }

    /// ext4 on a file of so many bytes beside it.
    init(_ path: String, imageBytes: Int) throws {
        self.path = path
        mkdir(path, 0o755)
        let image = "\(path).image"
        let file = open(image, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0, ftruncate(file, imageBytes) == 0 else {
            throw Files.failure("mount-failed", "cannot make \(image)")
        }
        close(file)
        try TemporaryFileSystem.command(["mkfs.ext4", "-q", "-m", "0", image])
        try TemporaryFileSystem.command(["mount", "-o", "loop", image, path])
    }

    deinit { try? TemporaryFileSystem.command(["umount", "-l", path]) }

    private static func command(_ words: [String]) throws {
        let words = getuid() == 0 ? words : ["sudo", "-n"] + words
        let folder = try TemporaryFolder()
        let child = try ChildProcess(words[0], Array(words.dropFirst()), folder: folder.path)
        for _ in 0..<1000 where !child.hasEnded { usleep(10_000) }
        guard child.errors.isEmpty else {
            throw ApusError(code: "mount-failed", "\(words.joined(separator: " ")): \(child.errors)")
        }
    }
}
