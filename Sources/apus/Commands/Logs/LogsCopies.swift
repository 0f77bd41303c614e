import Base
import Crypto
import Glibc
import LogArchive

/// A file that an earlier run may have written already.
struct WrittenFile {
    private let path: String

    init(_ path: String) {
        self.path = path
    }

    var isThere: Bool { access(path, F_OK) == 0 }

    private func pieces(_ count: Int, _ body: ([UInt8]) throws -> Bool) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { throw Files.failure("read-failed", "cannot open \(path)") }
        defer { close(file) }
        while true {
            var bytes = [UInt8](repeating: 0, count: count)
            var filled = 0
            while filled < count {
                let got = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress! + filled, count - filled) }
                if got < 0, errno == EINTR { continue }
                guard got >= 0 else { throw Files.failure("read-failed", "cannot read \(path)") }
                if got == 0 { break }
                filled += got
            }
            guard try body(Array(bytes.prefix(filled))), filled == count else { return }
        }
    }

    /// Hexadecimal.
    func sha256() throws -> String {
        var digest = SHA256()
        try pieces(1 << 20) { piece in
            digest.update(data: piece)
            return true
        }
        return LogsText.hexadecimal(digest.finalize())
    }

    /// Whether it has these sealed bytes: by its size, and by its digest where the manifest has one, else by its
    /// beginning, which is the header with the wrapped key.
    func isSame(as item: CatalogueItem, _ source: any ByteSource) async throws -> Bool {
        var status = stat()
        guard stat(path, &status) == 0, Int64(status.st_size) == source.size else { return false }
        if let digest = item.entry?.digest, !digest.isEmpty { return try self.digest(like: digest) == digest }
        let count = Int(min(source.size, 64 << 10))
        let wanted = try await source.read(0..<Int64(count))
        var isSame = count == 0
        if count > 0 {
            try pieces(count) { piece in
                isSame = piece == wanted
                return false
            }
        }
        return isSame
    }

    /// In the form of the manifest: `sha256:…`, or `sha256-PART:…` over the digests of parts of so many bytes.
    private func digest(like form: String) throws -> String {
        let head = form.prefix { $0 != ":" }
        guard let part = head.split(separator: "-").dropFirst().first.flatMap({ Int($0) }), (1...(1 << 30)) ~= part
        else { return "sha256:" + (try sha256()) }
        var digests: [UInt8] = []
        try pieces(part) { piece in
            if !piece.isEmpty { digests += SHA256.hash(data: piece) }
            return true
        }
        return "\(head):" + LogsText.hexadecimal(SHA256.hash(data: digests))
    }
}

extension LogsText {
    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

/// Writes one segment after the other into a folder. One that fails is told and does not keep the others back.
struct LogsCopies {
    enum Outcome { case written(String), isThere(String) }

    /// - Returns: How many failed.
    static func run(
        _ items: [CatalogueItem], _ copy: (CatalogueItem) async throws -> Outcome
    ) async throws -> Int {
        var failed = 0
        for item in items {
            do {
                switch try await copy(item) {
                case .written(let path): try Report.output("\(path)\n")
                case .isThere(let path): Report.line("\(path) is there already, and the same")
                }
            } catch let error as ApusError {
                failed += 1
                Report.error("\(item.title): \(error)")
            }
        }
        return failed
    }
}
