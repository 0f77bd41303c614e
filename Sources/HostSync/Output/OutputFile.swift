package import Base
import Glibc

/// Files that a run writes at its end: looked at before anything is done, so that nobody is told afterwards that the record
/// of a change is lost.
package enum OutputFile {
    /// - Throws: `ApusError` `write-failed` for what is there and is no regular file (it would be replaced), and for a folder in
    ///   which nothing can be made.
    package static func check(_ path: String) throws(ApusError) {
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw ApusError(code: "write-failed", "\(path) is there and is no regular file: name another one")
        }
        let folder = SiteReader.folder(of: path)
        guard access(folder, W_OK) == 0 else { throw Files.failure("write-failed", "cannot write to \(folder)") }
    }
}
