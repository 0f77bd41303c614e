import SSHTransport

/// What is below a folder of a host, as find(1) and stat(1) list it: no link is followed, no other file system entered.
struct TreeListing {
    /// More entries than these are refused: a wrong path must not cost the host minutes and the plan its readability.
    static let mostEntries = 10_000

    /// Absolute paths with what stands there, folders before what is in them.
    private(set) var entries: [(path: String, status: PathStatus)] = []

    /// Each item is a folder. `tree|PATH` opens its section; then one line an entry as `apus_stat` writes it. Names
    /// that hold a newline could forge lines: where there is one, `odd` comes first, and all is refused. (busybox
    /// forgets an `-exec … +` that is not at the top of the expression, so there are two passes.)
    static let query = Query("trees") { folders in
        """
        for p in \(ShellText.quoted(folders)); do
        printf 'tree|%s\\n' "$p"
        [ -d "$p" ] && [ ! -L "$p" ] || continue
        stat -c %f / >/dev/null 2>&1 || { echo unsupported; continue; }
        find "$p" -xdev -name '*
        *' -exec echo odd \\; | head -n 1
        find "$p" -xdev -mindepth 1 -exec stat -c '%f|%u|%g|%U|%G|%s|%n' -- {} + | head -n \(mostEntries + 1)
        done
        """
    }

    /// The part of the answer that is about `folder`.
    ///
    /// - Throws: `ResourceFault` where there are more entries than `mostEntries`, or the host cannot tell.
    init(_ folder: String, _ host: HostState) throws(ResourceFault) {
        var isMine = false
        var count = 0
        for line in host.lines(TreeListing.query) {
            if line.hasPrefix("tree|") {
                isMine = line.dropFirst(5) == folder
                continue
            }
            guard isMine, count <= TreeListing.mostEntries else { continue }
            count += 1
            if line == "odd" {
                throw ResourceFault("\(folder) holds a name with a newline in it: remove it first")
            }
            if line == "unsupported" {
                throw ResourceFault("the host's stat cannot list \(folder): install coreutils")
            }
            if let entry = TreeListing.entry(line), entry.path.hasPrefix(folder == "/" ? "/" : folder + "/") {
                // Left out in silence, it would stay as it is for ever.
                if let objection = HostPath.objection(to: entry.path) {
                    throw ResourceFault("\(folder) holds a name that cannot be handled (\(objection)): \(entry.path)")
                }
                entries.append(entry)
            }
        }
        guard count <= TreeListing.mostEntries else {
            throw ResourceFault("\(folder) has more than \(TreeListing.mostEntries) entries: declare less of it")
        }
        entries.sort { $0.path < $1.path }
    }

    private static func entry(_ line: Substring) -> (path: String, status: PathStatus)? {
        let fields = line.split(separator: "|", maxSplits: 6, omittingEmptySubsequences: false)
        guard fields.count == 7, let mode = UInt32(fields[0], radix: 16), let uid = Int(fields[1]),
            let gid = Int(fields[2]), let size = Int(fields[5])
        else { return nil }
        let kind: PathStatus.Kind =
            switch mode & 0o170000 {
            case 0o100000: .file
            case 0o040000: .directory
            case 0o120000: .link
            default: .other
            }
        func name(_ field: Substring) -> String? { field.isEmpty || field == "UNKNOWN" ? nil : String(field) }
        let status = PathStatus(
            kind: kind, mode: mode & 0o7777, uid: uid, gid: gid, owner: name(fields[3]), group: name(fields[4]),
            size: size)
        return (String(fields[6]), status)
    }
}
