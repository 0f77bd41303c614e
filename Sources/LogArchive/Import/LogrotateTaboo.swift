import Base
import Glibc

/// Which files of an included folder are left out: `tabooext` and `taboopat`, one list of patterns for fnmatch(3).
struct LogrotateTaboo: Sendable, Equatable {
    /// logrotate's own, 3.21.
    static let standard = [
        ",v", ".bak", ".cfsaved", ".disabled", ".dpkg-bak", ".dpkg-del", ".dpkg-dist", ".dpkg-new", ".dpkg-old",
        ".dpkg-tmp", ".rhn-cfg-tmp-*", ".rpmnew", ".rpmorig", ".rpmsave", ".swp", ".ucf-dist", ".ucf-new", ".ucf-old",
        "~",
    ]
    static let mostPatterns = 10_000

    private(set) var patterns = standard.map { "*" + $0 }

    /// `+ .a,.b` adds to the list, `.a .b` replaces it.
    mutating func change(_ value: String, prefix: String) {
        var list = value[...]
        if list.hasPrefix("+") { list = list.dropFirst() } else { patterns = [] }
        for item in list.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            guard patterns.count < LogrotateTaboo.mostPatterns else { return }
            patterns.append(prefix + item)
        }
    }

    func excludes(_ name: String) -> Bool {
        name == "." || name == ".." || patterns.contains { fnmatch($0, name, FNM_PERIOD) == 0 }
    }

    private static let mostNames = 100_000

    /// The names in a folder in the order of their bytes; nil where it cannot be read.
    static func names(in folder: String) -> [String]? {
        guard let stream = opendir(folder) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while names.count < mostNames, let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
