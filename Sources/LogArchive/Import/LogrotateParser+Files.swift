import Base
import Glibc

/// Files, folders and includes.
extension LogrotateParser {
    /// Reads a file or a folder of files.
    mutating func read(_ path: String, folder: String, from place: LogrotatePlace, _ options: inout LogrotateOptions) {
        var status = stat()
        let full = path.hasPrefix("/") || folder == "." ? path : "\(folder)/\(path)"
        guard stat(full, &status) == 0 else { return tell(place, "cannot read \(full): \(Files.reason(errno))") }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            // logrotate passes it over; here somebody has named it, and a rule would be missing without a word.
            guard status.st_mode & S_IFMT == S_IFREG else { return tell(place, "\(full) is no regular file: not read") }
            return readFile(full, status, folder: folder, from: place, &options)
        }
        guard let names = LogrotateTaboo.names(in: full) else {
            return tell(place, "cannot read \(full): \(Files.reason(errno))")
        }
        for name in names where !taboo.excludes(name) {
            let file = full.hasSuffix("/") ? full + name : "\(full)/\(name)"
            var status = stat()
            guard stat(file, &status) == 0 else {
                tell(place, "cannot read \(file): \(Files.reason(errno))")
                continue
            }
            // A folder or a FIFO among the files is passed over in silence, as logrotate does.
            readFile(file, status, folder: full, from: place, &options)
        }
    }

    private mutating func readFile(
        _ file: String, _ status: stat, folder: String, from place: LogrotatePlace, _ options: inout LogrotateOptions
    ) {
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else { return }
        // The scripts of a file that others can write are not to become commands of root.
        if geteuid() == 0, status.st_mode & 0o022 != 0 || status.st_uid != 0 {
            return tell(place, "\(file) is left out: it is writable by others, or not root's")
        }
        // logrotate goes round sixteen times and finds every log a second time.
        guard !open.contains(file) else { return tell(place, "\(file) includes itself: not read again") }
        guard filesLeft > 0 else {
            if filesLeft == 0 { tell(place, "more than \(LogrotateParser.mostFiles) files: the rest is left out") }
            filesLeft = -1
            return
        }
        filesLeft -= 1
        do throws(ApusError) {
            let bytes = try Files.read(file, limit: min(bytesLeft, 0xFF_FFFF))
            bytesLeft -= bytes.count
            open.append(file)
            parse(bytes, file: file, folder: folder, &options)
            open.removeLast()
        } catch {
            tell(place, error.message)
        }
    }

    /// Reads the file that `include` names.
    mutating func include(_ path: String, _ context: Context, _ options: inout LogrotateOptions) {
        guard open.count <= LogrotateParser.deepestInclude else {
            return tell(context.place, "include nesting too deep")
        }
        read(path, folder: context.folder, from: context.place, &options)
    }
}
