import Base
import Crypto
import Glibc

/// SHA-256 of contents in hexadecimal, as sha256sum(1) writes it.
enum ContentDigest {
    static let ofNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    static func of(_ content: Content) -> String {
        switch content {
        case .bytes(let bytes): of(bytes)
        case .file(_, _, let digest): digest
        }
    }

    static func of(_ bytes: [UInt8]) -> String {
        hexadecimal(SHA256.hash(data: bytes))
    }

    /// Reads the file in pieces of 256 KiB.
    ///
    /// - Returns: Its size in bytes and its digest.
    /// - Throws: `ApusError` `read-failed`.
    static func ofFile(_ path: String) throws(ApusError) -> (size: Int, digest: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Files.failure("read-failed", "cannot read \(path)") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw ApusError(code: "read-failed", "cannot read \(path): it is not a regular file")
        }
        var hash = SHA256()
        var size = 0
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { return (size, hexadecimal(hash.finalize())) }
            if count < 0 {
                if errno == EINTR { continue }
                throw Files.failure("read-failed", "cannot read \(path)")
            }
            size += count
            buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }

    /// A digest that is made piece by piece.
    struct Running {
        private var hash = SHA256()

        mutating func update(_ bytes: [UInt8]) { hash.update(data: bytes) }
        func finish() -> String { ContentDigest.hexadecimal(hash.finalize()) }
    }

    static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in digest {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
