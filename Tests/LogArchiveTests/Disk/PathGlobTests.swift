import Base
import Glibc
import TestKit
import Testing

@testable import LogArchive

/// Our own glob finds what glibc's finds, in the same order.
struct PathGlobTests {
    private let temporary: TemporaryFolder

    init() throws {
        temporary = try TemporaryFolder()
        for folder in ["a", "b", "b/deep", ".hidden", "with space", "a*b"] {
            mkdir("\(temporary.path)/\(folder)", 0o755)
        }
        for file in [
            "access.log", "access.log.1", "error.log", ".dot.log", "a/x.log", "a/y.log", "b/x.log", "b/deep/z.log",
            "é.log",
            "Z.log", "10.log", "9.log", "[x].log", "star*.log", ".hidden/x.log", "with space/x.log", "a*b/x.log",
            "back\\.log",
        ] {
            try temporary.write(file, "x\n")
        }
        symlink("a", "\(temporary.path)/link")
        symlink("nowhere", "\(temporary.path)/dangling.log")
    }

    private func glibc(_ pattern: String) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0 else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { index in found.gl_pathv[index].map { String(cString: $0) } }
    }

    @Test(arguments: [
        ("*.log", 10), ("*", 16), (".*.log", 1), ("?.log", 2), ("[0-9]*.log", 2), ("[!a-z]*.log", 5), ("*/x.log", 5),
        ("[ab]/*", 4), ("*/*/*.log", 1), ("access.log", 1), ("nothing.log", 0), ("nothing/*.log", 0),
        ("access.log/*", 0),
        ("\\[x\\].log", 1), ("[[]x].log", 1), ("star\\*.log", 1), ("a\\*b/*.log", 1), ("back\\\\.log", 1),
        ("with space/*", 1),
        ("link/*.log", 2), ("dangling.*", 1), ("[", 0), ("[]", 0), ("é*", 1), (".hidden/*.log", 1), ("[.]dot.log", 0),
    ])
    func findsWhatGlibcFinds(pattern: String, count: Int) {
        let whole = "\(temporary.path)/\(pattern)"
        let found = PathGlob.matches(whole)
        #expect(found == glibc(whole))
        #expect(found.count == count, "\(found)")
    }
}
