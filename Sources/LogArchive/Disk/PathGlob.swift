import Glibc

/// The paths that a pattern names, as glob(3) finds them: `*`, `?` and `[…]` stand for what is within one part of a path, not
/// for a dot at its begin; `\` takes the meaning from what follows it.
///
/// Not by glob(3) itself: it looks up users for `~`, and so brings NSS into the static binary, which loads modules of the
/// host's glibc (`Sources/CLinux/accounts.c` says what comes of that).
enum PathGlob {
    /// In the order of their bytes. What cannot be read matches nothing; what matches may have gone since.
    static func matches(_ pattern: String) -> [String] {
        let parts = pattern.split(separator: "/").map(String.init)
        guard let last = parts.indices.last else { return [] }
        var found = [pattern.hasPrefix("/") ? "/" : ""]
        for (index, part) in parts.enumerated() {
            let tail = index == last ? "" : "/"
            if part.contains(where: { "*?[".contains($0) }) {
                found = found.flatMap { folder in
                    names(in: folder).filter { fnmatch(part, $0, FNM_PERIOD) == 0 }.map { folder + $0 + tail }
                }
            } else {
                let name = plain(part)
                found = found.map { $0 + name + tail }
            }
        }
        return found.filter(exists).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Matches whose names are no UTF-8: shown with U+FFFD, which opens nothing.
    static func unnamable(_ pattern: String) -> [String] {
        guard let slash = pattern.lastIndex(of: "/") else { return [] }
        let last = String(pattern[pattern.index(after: slash)...])
        let folders = pattern.startIndex == slash ? ["/"] : matches(String(pattern[..<slash])).map { $0 + "/" }
        return folders.flatMap { folder in
            names(in: folder)
                .filter { $0.unicodeScalars.contains("\u{FFFD}") && fnmatch(last, $0, FNM_PERIOD) == 0 }
                .map { folder + $0 }
                .filter { !exists($0) }
        }
    }

    private static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder.isEmpty ? "." : folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }

    private static func plain(_ part: String) -> String {
        var isTaken = false
        return String(
            part.filter { character in
                isTaken = character == "\\" && !isTaken
                return !isTaken
            })
    }

    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }
}
