import Base
import Envelope
import TestKit
import Testing

/// Google's Tink, as PyPI has it, opens what we seal and seals what we open; and the reader of docs/ opens a whole
/// file.
@Suite(.timeLimit(.minutes(5))) struct TinkPeerTests {
    private static let modules = ["tink", "cryptography"]
    private static let context = EnvelopeContext(["host": "web-1", "file": "/var/log/x.log", "generation": "ü 7"])

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: [
        0, 1, StreamSamples.first - 1, StreamSamples.first, StreamSamples.first + 1,
        StreamSamples.first + StreamSamples.next, StreamSamples.first + StreamSamples.next + 1,
    ])
    func tinkAndWeAgree(size: Int) async throws {
        let plain = StreamSamples.content(size)
        try Files.writeAtomically(plain, to: "\(folder.path)/plain")
        try Files.writeAtomically(try StreamSamples.seal(plain), to: "\(folder.path)/ours")
        try await tink("open", "ours", "opened")
        #expect(try Files.read("\(folder.path)/opened") == plain)

        try await tink("seal", "plain", "theirs")
        let theirs = try Files.read("\(folder.path)/theirs")
        let (opened, code) = StreamSamples.open([theirs], streamBytes: Int64(theirs.count))
        #expect(code == "")
        #expect(opened == plain)
        // With Tink's own salt and prefix we make the same bytes.
        #expect(try StreamSamples.seal(plain, salt: Array(theirs[1..<33]), prefix: Array(theirs[33..<40])) == theirs)
    }

    @Test func theReaderOfTheDocumentationOpensAFile() async throws {
        let ring = "\(folder.path)/logs.keys"
        try KeyRingFile(ring).create(now: WallInstant(secondsSince1970: 1_796_000_000))
        let provider = FileKeyProvider(path: ring)
        let old = try await sealed(provider, StreamSamples.content(3_000_000), "old")
        try KeyRingFile(ring).rotate(now: WallInstant(secondsSince1970: 1_796_100_000))
        for _ in 0..<2 {
            let shown = try await read(ring, "old")
            #expect(shown == StreamSamples.content(3_000_000))
            // Once more with its key wrapped anew, under the newest version: the stream is as it was.
            let header = try EnvelopeHeader(parsing: Array(old.prefix(4096)))
            let again = try await header.rewrapped(by: provider, openedBy: provider)
            #expect(again.wrapped.version == "2")
            try Files.writeAtomically(again.encoded() + old.dropFirst(header.size), to: "\(folder.path)/old")
        }
    }

    private func sealed(_ provider: any KeyProvider, _ plain: [UInt8], _ name: String) async throws -> [UInt8] {
        let made = try await provider.makeDataKey(TinkPeerTests.context)
        let header = try EnvelopeHeader(compression: "none", context: TinkPeerTests.context, wrapped: made.wrapped)
        let stream = try StreamSamples.seal(plain, key: made.plain, associated: header.associatedData)
        let bytes = header.encoded() + stream
        try Files.writeAtomically(bytes, to: "\(folder.path)/\(name)")
        return bytes
    }

    private func read(_ ring: String, _ name: String) async throws -> [UInt8] {
        // Standard output is text to the tests: the bytes go to a file.
        let python = try await PythonPeer.interpreter(with: TinkPeerTests.modules, folder: folder)
        let script = "\(ApusProgram.root())/docs/read_log.py"
        let output = "\(folder.path)/shown"
        let command = "exec \"$0\" \"$1\" \"$2\" \"$3\" > \"$4\""
        let (code, _, errors) = try await ChildProcess.run(
            "sh", ["-c", command, python, script, ring, "\(folder.path)/\(name)", output], folder: folder.path)
        #expect(code == 0, "\(errors)")
        return try Files.read(output)
    }

    private func tink(_ verb: String, _ source: String, _ target: String) async throws {
        let words = [
            verb, hexadecimal(StreamSamples.key.reveal()), hexadecimal(StreamSamples.associated),
            "\(folder.path)/\(source)", "\(folder.path)/\(target)",
        ]
        try await PythonPeer.run(
            "Tests/peers/logs/tink_stream.py", words, modules: TinkPeerTests.modules, folder: folder)
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
