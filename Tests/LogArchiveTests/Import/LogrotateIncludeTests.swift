import Base
import Glibc
import TestKit
import Testing

@testable import LogArchive

@Suite("Included files of logrotate")
struct LogrotateIncludeTests {
    private func blocks(_ folder: TemporaryFolder, _ main: String) throws -> (names: [String], errors: [String]) {
        let file = try folder.write("main.conf", main)
        let result = try LogrotateImport.read(file, home: folder.path)
        return (result.rules.map { $0.settings.paths[0] }, result.errors.map(\.what))
    }

    @Test("a folder is read in the order of its names, without taboo names, folders and FIFOs", .timeLimit(.minutes(1)))
    func folder() throws {
        let folder = try TemporaryFolder()
        mkdir("\(folder.path)/d", 0o755)
        for name in ["b", "a", "c.bak", "d~", "e.dpkg-new", ".f", "g.x"] {
            try folder.write("d/\(name)", "/\(name) { }\n")
        }
        mkfifo("\(folder.path)/d/fifo", 0o644)
        mkdir("\(folder.path)/d/sub", 0o755)
        #expect(try blocks(folder, "include \(folder.path)/d").names == ["/.f", "/a", "/b", "/g.x"])
        #expect(try blocks(folder, "tabooext + .x\ninclude ~/d").names == ["/.f", "/a", "/b"])
        #expect(
            try blocks(folder, "tabooext = .x, ~\ninclude ~/d").names == ["/.f", "/a", "/b", "/c.bak", "/e.dpkg-new"])
        #expect(try blocks(folder, "taboopat + ?\ninclude ~/d").names == ["/.f", "/g.x"])
    }

    @Test("what holds for all goes into included files and comes out of them")
    func scope() throws {
        let folder = try TemporaryFolder()
        try folder.write("one", "rotate 7\n/one { }\n")
        try folder.write("bad", "rotate 9\n/two { }\nrotate x\n/three { }\n")
        let file = try folder.write("main", "include ~/one\n/a { }\ninclude ~/bad\n/b { }\ninclude ~/missing\n/c { }\n")
        let result = try LogrotateImport.read(file, home: folder.path)
        #expect(result.rules.map { $0.settings.paths[0] } == ["/one", "/a", "/two", "/b", "/c"])
        #expect(
            result.rules.map { $0.settings.rotate.keep } == [7, 7, 9, 7, 7], "a bad file changes nothing for others")
        #expect(result.errors.count == 2)
    }

    @Test("loops end", .timeLimit(.minutes(1)))
    func loop() throws {
        let folder = try TemporaryFolder()
        let found = try blocks(folder, "/a { }\ninclude ~/main.conf\ninclude ~/main.conf\n")
        #expect(found.names == ["/a"])
        #expect(found.errors.filter { $0.hasSuffix("includes itself: not read again") }.count == 2)
    }

    @Test("nesting has an end")
    func depth() throws {
        let folder = try TemporaryFolder()
        for level in 1...20 { try folder.write("l\(level)", "/\(level) { }\ninclude ~/l\(level + 1)\n") }
        let found = try blocks(folder, "include ~/l1\n")
        #expect(found.names.count == 16)
        #expect(found.errors == ["include nesting too deep"])
    }

    @Test("a file that others can write is left out", .enabled(if: geteuid() == 0))
    func writable() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("open", "/x { }\n")
        chmod(file, 0o666)
        let found = try blocks(folder, "include ~/open\n/a { }\n")
        #expect(found.names == ["/a"])
        #expect(found.errors.first?.contains("writable by others") == true)
    }

    @Test("a path that cannot be read is an error by itself")
    func missing() {
        #expect(throws: ApusError.self) { try LogrotateImport.read("/nonexistent/logrotate.conf") }
    }
}
