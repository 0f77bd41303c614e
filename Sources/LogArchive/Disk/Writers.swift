import Base
import Glibc

/// Who has a file open for writing, by looking through /proc: those whom we may look at. For messages, and where the kernel
/// grants no lease.
struct Writer: Sendable, Equatable {
    let process: Int32
    let name: String
    /// Whether all its writes go to the end (O_APPEND): only such a writer goes on right after a truncation.
    let appends: Bool
}

enum Writers {
    static func of(_ identity: FileIdentity) -> [Writer] {
        var found: [Writer] = []
        for process in entries("/proc").compactMap({ Int32($0) }) where process != getpid() {
            let folder = "/proc/\(process)"
            for descriptor in entries("\(folder)/fd") {
                var status = stat()
                guard stat("\(folder)/fd/\(descriptor)", &status) == 0, UInt64(status.st_ino) == identity.inode,
                    UInt64(status.st_dev) == identity.device, let flags = flags("\(folder)/fdinfo/\(descriptor)"),
                    flags & O_ACCMODE != O_RDONLY
                else { continue }
                found.append(Writer(process: process, name: name(folder), appends: flags & O_APPEND != 0))
                break
            }
        }
        return found
    }

    /// `flags:` of proc(5), which are octal.
    private static func flags(_ path: String) -> Int32? {
        guard let bytes = try? Files.read(path, limit: 4096) else { return nil }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("flags:") }
        return line.flatMap { Int32($0.dropFirst(6).drop { $0 == " " || $0 == "\t" }, radix: 8) }
    }

    private static func name(_ folder: String) -> String {
        let bytes = (try? Files.read("\(folder)/comm", limit: 256)) ?? []
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    private static func entries(_ path: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
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
}
