import Base
import Glibc
import Settings
import TestKit
import Testing

@testable import HostSync

@Suite struct TarPayloadTests {
    private func stream(_ entries: [TarPayload.Entry]) throws -> [UInt8] {
        var payload = TarPayload(entries)
        var bytes: [UInt8] = []
        while let piece = try payload.next() { bytes += piece }
        return bytes
    }

    @Test(arguments: ["tar", "busybox tar"]) func isReadByTar(program: String) async throws {
        let folder = try TemporaryFolder()
        var generator = SeededGenerator(seed: 3)
        let noise = (0..<70_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let source = try folder.write("source", String(repeating: "line of a large file\n", count: 20_000))
        let (size, digest) = try ContentDigest.ofFile(source)
        let bytes = try stream([
            .init(name: "c0-0", content: .bytes([])), .init(name: "c1-0", content: .bytes(noise)),
            .init(name: "c2-0", content: .file(path: source, size: size, digest: digest)),
            .init(name: "apply", content: .bytes(Array("true\n".utf8))),
        ])
        #expect(bytes.count % 10_240 == 0)
        try Files.writeAtomically(bytes, to: "\(folder.path)/stream.tar")
        mkdir("\(folder.path)/out", 0o700)
        let words = program.split(separator: " ").map(String.init)
        let result = try await ChildProcess.run(
            words[0], Array(words.dropFirst()) + ["-xf", "\(folder.path)/stream.tar", "-C", "\(folder.path)/out"],
            folder: folder.path)
        #expect(result.code == 0, "\(result.errors)")
        #expect(try Files.read("\(folder.path)/out/c0-0") == [])
        #expect(try Files.read("\(folder.path)/out/c1-0") == noise)
        #expect(try ContentDigest.ofFile("\(folder.path)/out/c2-0").digest == digest)
        #expect(try Files.read("\(folder.path)/out/apply") == Array("true\n".utf8))
    }

    /// Many small contents travel as one compressed archive, which the far end unpacks like the rest.
    @Test(arguments: ["tar", "busybox tar"]) func manySmallContentsAreBundled(program: String) async throws {
        let folder = try TemporaryFolder()
        let texts = (0..<200).map { Array("name = \($0)\n\(String(repeating: "key = value\n", count: $0))".utf8) }
        var entries = texts.enumerated().map { TarPayload.Entry(name: "b0/f\($0.offset)", content: .bytes($0.element)) }
        entries.append(.init(name: "c1-0", content: .bytes([UInt8](repeating: 65, count: 50_000))))
        entries.append(.init(name: "apply", content: .bytes(Array("true\n# end nonce\n".utf8))))
        let bytes = try stream(entries)
        #expect(bytes.count % 10_240 == 0 && bytes.count < entries.reduce(0) { $0 + $1.content.size } / 4)
        try Files.writeAtomically(bytes, to: "\(folder.path)/stream.tar")
        let script =
            "mkdir out && cd out && \(program) -xf ../stream.tar && gzip -dc <bundle | \(program) -xf - && ls && gzip -d c1-0.gz"
        let result = try await ChildProcess.run("sh", ["-c", "cd \(folder.path) && \(script)"], folder: folder.path)
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.output == "apply\nb0\nbundle\nc1-0.gz\n")
        for (number, text) in texts.enumerated() {
            #expect(try Files.read("\(folder.path)/out/b0/f\(number)") == text)
        }
        #expect(try Files.read("\(folder.path)/out/c1-0").count == 50_000)
    }

    /// The script is last: no cut leaves it whole, and so nothing is run.
    @Test func aCutStreamNeverHasItsScript() async throws {
        let folder = try TemporaryFolder()
        let script = Array("#!/bin/sh\necho done\n# end nonce\n".utf8)
        let bytes = try stream([
            .init(name: "c0-0", content: .bytes([UInt8](repeating: 65, count: 3000))),
            .init(name: "apply", content: .bytes(script)),
        ])
        for cut in stride(from: 0, to: bytes.count, by: 257) {
            let out = "\(folder.path)/out\(cut)"
            mkdir(out, 0o700)
            try Files.writeAtomically(Array(bytes[..<cut]), to: "\(folder.path)/cut.tar")
            let result = try await ChildProcess.run(
                "sh", ["-c", "tar -xf - -C \(out) <\(folder.path)/cut.tar && tail -n 1 \(out)/apply"],
                folder: folder.path)
            let isWhole = (try? Files.read("\(out)/apply")) == script
            #expect(isWhole || !result.output.contains("# end nonce"), "cut after \(cut) bytes")
        }
    }

    @Test func stopsWhenASourceIsNotWhatWasPlanned() throws {
        let folder = try TemporaryFolder()
        let source = try folder.write("source", "before")
        let (size, digest) = try ContentDigest.ofFile(source)
        for text in ["after!", "short", "much longer than it was"] {
            try folder.write("source", text)
            let error = #expect(throws: ApusError.self) {
                _ = try stream([
                    .init(name: "c0-0", content: .file(path: source, size: size, digest: digest)),
                    .init(name: "apply", content: .bytes([])),
                ])
            }
            #expect(error?.code == "source-changed")
        }
    }

    @Test(arguments: [0, 511, 1 << 33 - 1, 1 << 33, 1 << 40]) func writesSizesOfAnyLength(size: Int) throws {
        let header = TarPayload.header("c", size: size)
        let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        #expect(Int(String(decoding: header[148..<154], as: UTF8.self), radix: 8) == sum)
        if size < 1 << 33 {
            #expect(Int(String(decoding: header[124..<135], as: UTF8.self), radix: 8) == size)
        } else {
            #expect(header[124] == 0x80)
            #expect(header[128..<136].reduce(0) { $0 << 8 | Int($1) } == size)
        }
    }
}
