import Base
import Glibc
import TestKit
import Testing

/// Rules of the house that a compiler does not know. Each says what to do instead.
@Suite struct TidyTests {
    /// Bottom up: a room imports only rooms that stand before it. A new room takes its place here.
    private static let rooms = [
        "Base", "Terminal", "Settings", "Resilience", "Compression", "Telemetry", "Profiling", "HTTPTransport", "Age",
        "HTTPWire", "TLSWire", "HTTP2Wire", "Reactor", "SSHTransport", "CloudAPI", "Envelope", "ObjectStore", "Daemon",
        "HostMetrics", "HostSync", "LogArchive", "Gateway", "HostInstall", "apus",
    ]
    private static let features: Set<String> = ["HostMetrics", "HostSync", "LogArchive", "Gateway", "HostInstall"]

    private struct Source {
        let room: String
        let path: String
        let lines: [String]

        var imports: [String] {
            lines.compactMap { line in
                let words = line.split(separator: " ")
                guard let index = words.firstIndex(of: "import"), index <= 2, words.count > index + 1,
                    words[..<index].allSatisfy({ ["package", "public", "@testable", "@preconcurrency"].contains($0) })
                else { return nil }
                return String(words[index + 1])
            }
        }
    }

    private let sources: [Source]

    init() throws {
        let root = "\(ApusProgram.root())/Sources"
        sources = try TidyTests.files(in: root).filter { $0.hasSuffix(".swift") }.map { path in
            let relative = path.dropFirst(root.utf8.count + 1)
            let text = String(decoding: try Files.read(path), as: UTF8.self)
            return Source(
                room: String(relative.prefix { $0 != "/" }), path: String(relative),
                lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        }
        try #require(sources.count > 100, "the sources were found")
    }

    @Test func importsGoDownOnly() throws {
        let place = Dictionary(uniqueKeysWithValues: TidyTests.rooms.enumerated().map { ($1, $0) })
        for source in sources where source.room != "TestKit" {
            let own = try #require(place[source.room], "\(source.room) has no place in TidyTests.rooms")
            for name in source.imports {
                guard let other = place[name] else { continue }
                #expect(other < own, "\(source.path) imports \(name), which stands above it or beside it")
                #expect(
                    !(TidyTests.features.contains(source.room) && TidyTests.features.contains(name)),
                    "\(source.path): features never import each other; move what both need below them")
                #expect(name != "TestKit", "\(source.path): TestKit is for tests")
            }
        }
    }

    /// Full Foundation brings 40 MB of data into the binary.
    @Test func nobodyImportsFullFoundation() {
        for source in sources {
            #expect(!source.imports.contains("Foundation"), "\(source.path): use FoundationEssentials or Base")
            #expect(!source.imports.contains("FoundationNetworking"), "\(source.path): use HTTPSender of Base")
        }
    }

    @Test func oneRoomKnowsTheHTTPClient() {
        for source in sources where source.room != "HTTPTransport" {
            #expect(!source.imports.contains("AsyncHTTPClient"), "\(source.path): use HTTPSender of Base")
        }
    }

    @Test(arguments: [
        ("try!", "handle the error, or make it a value"), ("fatalError(", "throw ApusError for what can happen"),
        ("TODO", "do it, or file an issue"), ("FIXME", "mend it, or file an issue"),
        ("@_silgen_name", "declare it in CLinux"),
    ])
    func neverIn(sources banned: String, instead: String) {
        for source in sources where !source.path.contains("/Generated/") {
            for (number, line) in source.lines.enumerated() where line.contains(banned) {
                Issue.record("\(source.path):\(number + 1): \(banned): \(instead)")
            }
        }
    }

    private static func files(in folder: String) throws -> [String] {
        guard let handle = opendir(folder) else { throw Files.failure("read-failed", "cannot list \(folder)") }
        defer { closedir(handle) }
        var found: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(".") { continue }
            let path = "\(folder)/\(name)"
            if entry.pointee.d_type == UInt8(DT_DIR) {
                found += try files(in: path)
            } else if entry.pointee.d_type == UInt8(DT_REG) {
                found.append(path)
            }
        }
        return found
    }
}
