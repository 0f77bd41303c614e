package import Base

/// One executable line of /proc/self/maps (proc_pid_maps(5)): which file the code at an address came from.
package struct MemoryMapping: Hashable, Sendable {
    package let start: UInt64
    /// The first address behind it.
    package let end: UInt64
    /// Where in the file `start` lies, in bytes.
    package let fileOffset: UInt64
    /// The file, or a name such as `[vdso]`; ` (deleted)` is left off.
    package let path: String

    /// The executable mappings, in the order of their addresses.
    package static func ofThisProcess() throws(ApusError) -> [MemoryMapping] {
        parse(String(decoding: try Files.read("/proc/self/maps"), as: UTF8.self))
    }

    /// Lines that are not executable, have no name or are not understood are left out.
    package static func parse(_ text: String) -> [MemoryMapping] {
        text.split(separator: "\n").compactMap { MemoryMapping(line: $0) }
    }

    /// `start-end permissions offset device inode   path`, where the path may hold spaces.
    private init?(line: Substring) {
        let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
        guard fields.count == 6, fields[1].dropFirst(2).first == "x" else { return nil }
        let range = fields[0].split(separator: "-")
        guard range.count == 2, let start = UInt64(range[0], radix: 16), let end = UInt64(range[1], radix: 16),
            let offset = UInt64(fields[2], radix: 16)
        else { return nil }
        let deleted = " (deleted)"
        let path = fields[5].drop { $0 == " " }
        self.start = start
        self.end = end
        fileOffset = offset
        self.path = String(path.hasSuffix(deleted) ? path.dropLast(deleted.count) : path)
    }
}
