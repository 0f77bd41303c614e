import Base
import Glibc

/// Which files of a folder are rules: `*.yaml` and `*.yml`, in the order of their names' bytes. Hidden files and what editors
/// leave behind (`#nginx.yaml#`, `nginx.yaml~`) are none.
enum RuleFolder {
    static let mostRules = 10_000
    /// Of any kind; a folder with more is not one of rules.
    static let mostFiles = 100_000

    /// - Throws: `ApusError` `read-failed`; `too-many-rules` of kind `declaration`.
    static func files(_ folder: String) throws(ApusError) -> [String] {
        guard let stream = opendir(folder) else { throw Files.failure("read-failed", "cannot read \(folder)") }
        defer { closedir(stream) }
        var found: [String] = []
        var seen = 0
        errno = 0
        while let entry = readdir(stream) {
            seen += 1
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if ruleName(name) != nil { found.append(name) }
            guard found.count <= mostRules, seen <= mostFiles else {
                throw ApusError(
                    code: "too-many-rules", "\(folder) has more than \(mostRules) rules", kind: .declaration)
            }
            errno = 0
        }
        guard errno == 0 else { throw Files.failure("read-failed", "cannot read \(folder)") }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Whether the file itself, links followed, lies in the folder or in one below it.
    static func isBelow(_ folder: String, _ file: String) -> Bool {
        guard let folder = real(folder), let file = real(file) else { return false }
        return file.hasPrefix(folder == "/" ? folder : folder + "/")
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Nil for what is no rule.
    static func ruleName(_ file: String) -> String? {
        guard let first = file.utf8.first, first != UInt8(ascii: "."), first != UInt8(ascii: "#") else { return nil }
        for ending in [".yaml", ".yml"] where file.hasSuffix(ending) && file.utf8.count > ending.utf8.count {
            return String(file.dropLast(ending.count))
        }
        return nil
    }
}
