import Base
import Envelope
import Glibc
import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct KeyRingTests {
    private static let now = WallInstant(secondsSince1970: 1_796_000_000)
    private static let context = EnvelopeContext(["host": "a", "file": "/b", "generation": "7"])

    private let folder: TemporaryFolder
    private var path: String { "\(folder.path)/logs.keys" }
    private var file: KeyRingFile { KeyRingFile(path) }

    init() throws { folder = try TemporaryFolder() }

    @Test func isCreatedForItsOwnerAloneAndNeverReplaced() throws {
        let ring = try file.create(now: KeyRingTests.now)
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o600)
        let text = try Files.read(path)
        #expect(failure { _ = try file.create(now: KeyRingTests.now) } == "key-ring-exists")
        #expect(try Files.read(path) == text)
        #expect(try file.read().id == ring.id)
        #expect(try names() == ["logs.keys"])
    }

    @Test func aRotatedRingOpensWhatItHasWrapped() async throws {
        try file.create(now: KeyRingTests.now)
        let provider = FileKeyProvider(path: path)
        var made = [try await provider.makeDataKey(KeyRingTests.context)]
        for version in 2...4 {
            let ring = try file.rotate(now: KeyRingTests.now)
            #expect(ring.versions == (1...version).reversed())
            made.append(try await provider.makeDataKey(KeyRingTests.context))
        }
        for (index, key) in made.enumerated() {
            #expect(key.wrapped.version == "\(index + 1)")
            #expect(key.wrapped.provider == "file:\(path)")
            let opened = try await provider.open(key.wrapped, KeyRingTests.context)
            #expect(opened.reveal() == key.plain.reveal())
        }
        #expect(Set(made.map { $0.plain.reveal() }).count == 4)
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o600)
        #expect(try names() == ["logs.keys"])
    }

    @Test func aWrappedKeyOpensNowhereElse() async throws {
        try file.create(now: KeyRingTests.now)
        try file.rotate(now: KeyRingTests.now)
        let provider = FileKeyProvider(path: path)
        let wrapped = try await provider.makeDataKey(KeyRingTests.context).wrapped
        let other = EnvelopeContext(["host": "b", "file": "/b", "generation": "7"])
        #expect(await asyncFailure { _ = try await provider.open(wrapped, other) } == "key-mismatch")
        for place in wrapped.ciphertext.indices {
            var altered = wrapped
            altered.ciphertext[place] ^= 1
            #expect(await asyncFailure { _ = try await provider.open(altered, KeyRingTests.context) } == "key-mismatch")
        }
        for (spoil, code) in [
            ({ $0.version = "1" }, "key-mismatch"), ({ $0.version = "3" }, "key-unknown"),
            ({ $0.version = "02" }, "key-unknown"), ({ $0.keyID = "0011223344556677" }, "key-unknown"),
            ({ $0.ciphertext.removeLast() }, "key-mismatch"), ({ $0.ciphertext = [] }, "key-mismatch"),
        ] as [((inout WrappedKey) -> Void, String)] {
            var altered = wrapped
            spoil(&altered)
            #expect(await asyncFailure { _ = try await provider.open(altered, KeyRingTests.context) } == code)
        }
        // Another ring with the same id has other keys.
        let ring = try file.read()
        let foreign = KeyRing(now: KeyRingTests.now)
        let text = foreign.reveal().replacing(foreign.id, by: ring.id)
        let others = try folder.writePrivate("others", text)
        let stranger = FileKeyProvider(path: others)
        var first = wrapped
        first.version = "1"
        #expect(await asyncFailure { _ = try await stranger.open(first, KeyRingTests.context) } == "key-mismatch")
    }

    @Test func rotationsAtOnceAreAllKept() async throws {
        try file.create(now: KeyRingTests.now)
        let file = file
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { for _ in 0..<10 { try file.rotate(now: KeyRingTests.now) } }
            }
            try await group.waitForAll()
        }
        #expect(try file.read().versions == (1...41).reversed())
        #expect(try names() == ["logs.keys"])
    }

    @Test func rotationWaitsForAnotherProcess() async throws {
        try file.create(now: KeyRingTests.now)
        // It holds the lock for as long as its standard input, a pipe of ours, is open.
        let pipe = "\(folder.path)/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let ours = open(pipe, O_RDWR | O_CLOEXEC)
        let holder = try ChildProcess(
            "flock", [path, "sh", "-c", "echo locked; read line"], folder: folder.path, input: pipe)
        try await eventually("the other process has the lock") { holder.output == "locked\n" }
        let file = file
        async let rotated = file.rotate(now: KeyRingTests.now)
        #expect(try file.read().versions == [1])
        #expect(write(ours, "go\n", 3) == 3)
        #expect(try await rotated.versions == [2, 1])
        #expect(await holder.wait() == 0)
        close(ours)
    }

    @Test func aFileThatOthersReachIsRefused() async throws {
        try file.create(now: KeyRingTests.now)
        let provider = FileKeyProvider(path: path)
        for mode in [0o640, 0o604, 0o620, 0o602, 0o601] as [mode_t] {
            #expect(chmod(path, mode) == 0)
            #expect(failure { _ = try file.read() } == "key-ring-unsafe", "mode \(String(mode, radix: 8))")
            #expect(failure { _ = try file.rotate(now: KeyRingTests.now) } == "key-ring-unsafe")
            #expect(
                await asyncFailure { _ = try await provider.makeDataKey(KeyRingTests.context) } == "key-provider-failed"
            )
        }
        #expect(chmod(path, 0o400) == 0)
        #expect(failure { _ = try file.read() } == "")
        let link = "\(folder.path)/link"
        #expect(symlink(path, link) == 0)
        #expect(failure { _ = try KeyRingFile(link).read() } == "key-ring-unsafe")
        let fifo = "\(folder.path)/fifo"
        #expect(mkfifo(fifo, 0o600) == 0)
        #expect(failure { _ = try KeyRingFile(fifo).read() } == "key-ring-unsafe")
        #expect(failure { _ = try KeyRingFile(folder.path).read() } == "key-ring-unsafe")
        #expect(failure { _ = try KeyRingFile("/dev/null").read() } == "key-ring-unsafe")
        #expect(failure { _ = try KeyRingFile("\(folder.path)/none").read() } == "key-ring-missing")
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
    func aFileOfAnotherUserIsRefused() throws {
        try file.create(now: KeyRingTests.now)
        #expect(chown(path, 65_534, 65_534) == 0)
        #expect(failure { _ = try file.read() } == "key-ring-unsafe")
    }

    private static let good = "ring 5b0c1e9a7f3d2468\nkey 2 2026-11-28T13:00:00.000Z \(key)\n"
    private static let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    struct Mistake: Sendable, CustomTestStringConvertible {
        let text: String
        let line: Int
        let says: String
        var testDescription: String { says }
    }

    @Test(arguments: [
        Mistake(text: "", line: 1, says: "without a key"),
        Mistake(text: "ring 5b0c1e9a7f3d2468\n", line: 2, says: "without a key"),
        Mistake(text: "key 1 2026-11-28T13:00:00.000Z \(key)", line: 1, says: "before its keys"),
        Mistake(text: good + "ring 5b0c1e9a7f3d2468", line: 3, says: "an id already"),
        Mistake(text: "ring 5b0c", line: 1, says: "16 hexadecimal digits"),
        Mistake(text: "ring  5b0c1e9a7f3d2468", line: 1, says: "one space"),
        Mistake(text: "# x\n\nRing 5b0c1e9a7f3d2468", line: 3, says: "begins with"),
        Mistake(text: good + "key 2 2026-11-28T13:00:00.000Z \(key)", line: 3, says: "each once"),
        Mistake(text: good + "key 3 2026-11-28T13:00:00.000Z \(key)", line: 3, says: "newest first"),
        Mistake(text: good + "key 0 2026-11-28T13:00:00.000Z \(key)", line: 3, says: "from 1 to"),
        Mistake(text: good + "key 01 2026-11-28T13:00:00.000Z \(key)", line: 3, says: "from 1 to"),
        Mistake(text: good + "key 1 yesterday \(key)", line: 3, says: "is written 2026"),
        Mistake(text: good + "key 1 2026-11-28T13:00:00.000Z \(key.dropLast(4))", line: 3, says: "32 bytes in Base64"),
        Mistake(
            text: good + "key 1 2026-11-28T13:00:00.000Z \(key.dropLast(2))9=", line: 3, says: "32 bytes in Base64"),
        Mistake(text: good + "key 1 2026-11-28T13:00:00.000Z", line: 3, says: "with one space between"),
        Mistake(text: good + "key 1 2026-11-28T13:00:00.000Z \(key) ", line: 3, says: "with one space between"),
        Mistake(text: good + "\r", line: 3, says: "begins with"),
    ])
    func mistakesAreToldWithTheirLine(mistake: Mistake) throws {
        let path = try folder.writePrivate("ring", mistake.text)
        do {
            _ = try KeyRingFile(path).read()
            Issue.record("it was taken")
        } catch {
            #expect(error.code == "key-ring-bad")
            #expect(error.kind == .declaration)
            #expect(error.message.hasPrefix("\(path):\(mistake.line): "), "\(error.message)")
            #expect(error.message.contains(mistake.says), "\(error.message)")
            #expect(!error.message.contains("AAECAw"))
        }
    }

    @Test func whatIsWrittenIsReadAndShowsNothing() throws {
        var ring = KeyRing(now: KeyRingTests.now)
        try ring.rotate(now: KeyRingTests.now)
        let text = ring.reveal()
        #expect(try KeyRing(parsing: Array(text.utf8), name: "x").reveal() == text)
        #expect(try KeyRing(parsing: Array(KeyRingTests.good.utf8), name: "x").versions == [2])
        var dumped = ""
        dump(ring, to: &dumped)
        let secrets = text.split(separator: "\n").filter { $0.hasPrefix("key ") }.map { $0.split(separator: " ")[3] }
        #expect(secrets.count == 2)
        for secret in secrets {
            for shown in ["\(ring)", String(reflecting: ring), dumped] { #expect(!shown.contains(secret)) }
        }
    }

    @Test func noiseNeverDoesMoreThanFail() throws {
        var random = SeededGenerator(seed: 0x216)
        let good = Array((KeyRingTests.good + "key 1 2026-11-28T13:00:00.000Z \(KeyRingTests.key)\n").utf8)
        for round in 0..<3000 {
            var text = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                text[Int.random(in: 0..<text.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            text = [UInt8](text.prefix(Int.random(in: 0...text.count, using: &random)))
            let code = failure { _ = try KeyRing(parsing: text, name: "x") }
            #expect(["", "key-ring-bad"].contains(code), "seed \(random.seed), round \(round)")
        }
    }

    private func names() throws -> [String] {
        guard let handle = opendir(folder.path) else { throw Files.failure("read-failed", "cannot list") }
        defer { closedir(handle) }
        var found: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { found.append(name) }
        }
        return found.sorted()
    }
}

/// The code of what is thrown; empty for nothing.
func failure(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        return (error as? ApusError)?.code ?? "\(error)"
    }
}

func asyncFailure(_ body: () async throws -> Void) async -> String {
    do {
        try await body()
        return ""
    } catch {
        return (error as? ApusError)?.code ?? "\(error)"
    }
}

extension TemporaryFolder {
    /// A file that only its owner reads.
    func writePrivate(_ name: String, _ text: String) throws -> String {
        try Files.writeAtomically(Array(text.utf8), to: "\(path)/\(name)", mode: 0o600)
        return "\(path)/\(name)"
    }
}

extension String {
    func replacing(_ part: String, by other: String) -> String {
        guard let range = firstRange(of: part) else { return self }
        return String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
