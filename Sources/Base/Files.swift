import Glibc

/// Whole small files, read and written without Foundation. Streams and durable formats have rooms of their own.
package enum Files {
    /// What `strerror(3)` says for `code`, for messages.
    package static func reason(_ code: Int32) -> String {
        String(cString: strerror(code))
    }

    /// A path of the command line as one from the root; `.` and `..` are resolved by their letters alone.
    package static func absolute(_ path: String) -> String {
        var parts: [Substring] = []
        var full = path
        if !path.hasPrefix("/"), let folder = getcwd(nil, 0) {
            full = String(cString: folder) + "/" + path
            free(folder)
        }
        for part in full.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// Reads the regular file at `path`, at most `limit` bytes. A FIFO or a device is refused: it could block for ever.
    ///
    /// - Throws: `ApusError` `read-failed` with the system's reason, or `file-too-large`.
    package static func read(_ path: String, limit: Int = 16 << 20) throws(ApusError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw failure("read-failed", "cannot read \(path)") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("read-failed", "cannot read \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ApusError(code: "read-failed", "cannot read \(path): it is not a regular file")
        }
        return try read(descriptor: descriptor, name: path, limit: limit)
    }

    /// Reads `descriptor` to its end (a pipe, standard input, a file of /proc), at most `limit` bytes.
    package static func read(descriptor: Int32, name: String, limit: Int) throws(ApusError) -> [UInt8] {
        var content = [UInt8]()
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return content }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("read-failed", "cannot read \(name)")
            }
            guard content.count + count <= limit else {
                throw ApusError(code: "file-too-large", "\(name) is larger than \(limit) bytes")
            }
            content.append(contentsOf: buffer[..<count])
        }
    }

    /// Replaces the file at `path` whole: a temporary file beside it, fsync, rename(2), fsync of the folder.
    /// A crash at any moment leaves the old content or the new one.
    package static func writeAtomically(_ content: [UInt8], to path: String, mode: UInt32 = 0o644) throws(ApusError) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let temporary = "\(path).apus-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw failure("write-failed", "cannot create \(temporary)") }
        do throws(ApusError) {
            defer { close(descriptor) }
            try writeAll(content, to: descriptor, name: temporary)
            guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else {
                throw failure("write-failed", "cannot write \(temporary)")
            }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let reason = failure("write-failed", "cannot rename \(temporary) to \(path)")
            unlink(temporary)
            throw reason
        }
        let folderDescriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folderDescriptor >= 0 {
            fsync(folderDescriptor)
            close(folderDescriptor)
        }
    }

    /// Writes all of `content`, going on after EINTR and short writes.
    package static func writeAll(_ content: [UInt8], to descriptor: Int32, name: String) throws(ApusError) {
        var offset = 0
        while offset < content.count {
            let count = content.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("write-failed", "cannot write \(name)")
            }
            offset += count
        }
    }

    /// Whether `path` itself (no link followed) is a socket.
    package static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    /// An `ApusError` that ends in the reason of the current `errno`.
    package static func failure(_ code: String, _ what: String) -> ApusError {
        ApusError(code: code, "\(what): \(reason(errno))")
    }
}
