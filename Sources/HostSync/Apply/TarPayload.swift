import Base
import Compression
import Glibc
import SSHTransport

/// Contents and script as a ustar stream (POSIX.1-1988), pulled while it is sent.
///
/// The script is the last entry: a stream that is cut anywhere never has it whole, so nothing is run. Contents that
/// shrink by gzip go as `NAME.gz`; where there are many small ones, they and the script go as one compressed archive
/// `bundle` at the end. The stream ends on a multiple of 10,240 bytes, which is what GNU tar reads at a time;
/// busybox tar reads on to the same place.
struct TarPayload: PayloadSource {
    private static let block = 512
    private static let record = 10_240
    private static let pieceBytes = 64 << 10
    /// Larger contents are sent as they are read; compressing them is left to ssh's own `Compression`.
    private static let mostCompressedBytes = 1 << 20
    static let leastCompressedBytes = 16 << 10
    /// Small contents and script together are bundled from here on, up to the second.
    private static let bundledBytes = (64 << 10)...(16 << 20)
    static let bundle = "bundle"

    struct Entry {
        let name: String
        let content: Content
    }

    private let entries: [Entry]
    /// How many times 10,240 bytes the whole stream has.
    let records: Int
    private var place = 0
    private var file: OpenFile?
    private var written = 0
    private var isEnded = false

    /// - Parameter compresses: Whether the host can unpack gzip.
    init(_ entries: [Entry], compresses: Bool = true) {
        self.entries = compresses ? TarPayload.bundled(entries) : entries
        let bytes = self.entries.reduce(0) { sum, entry in
            let size = entry.content.size
            return sum + TarPayload.block + size + TarPayload.padding(after: size).count
        }
        records = (bytes + 2 * TarPayload.block + TarPayload.record - 1) / TarPayload.record
    }

    private static func bundled(_ entries: [Entry]) -> [Entry] {
        let small = entries.filter { entry in
            guard case .bytes(let bytes) = entry.content else { return false }
            return bytes.count < leastCompressedBytes || entry.name == "apply"
        }
        var archive: [UInt8] = []
        let size = small.reduce(0) { $0 + $1.content.size + block }
        guard bundledBytes.contains(size) else { return entries.map { packed($0) } }
        archive.reserveCapacity(size + small.count * block)
        for case (let name, .bytes(let bytes)) in small.map({ ($0.name, $0.content) }) { append(name, bytes, &archive) }
        archive += [UInt8](repeating: 0, count: 2 * block)
        guard let bundle = try? Gzip.compress(archive, level: .fastest), bundle.count < size * 3 / 4 else {
            return entries.map { packed($0) }
        }
        let names = Set(small.map(\.name))
        return entries.filter { !names.contains($0.name) }.map { packed($0) }
            + [Entry(name: TarPayload.bundle, content: .bytes(bundle))]
    }

    private static func packed(_ entry: Entry) -> Entry {
        guard case .bytes(let bytes) = entry.content, entry.name != "apply", entry.name != bundle,
            (leastCompressedBytes...mostCompressedBytes).contains(bytes.count),
            let packed = try? Gzip.compress(bytes), packed.count < bytes.count * 3 / 4
        else { return entry }
        return Entry(name: entry.name + ".gz", content: .bytes(packed))
    }

    mutating func next() throws(ApusError) -> [UInt8]? {
        if isEnded { return nil }
        if let piece = try pieceOfFile() { return count(piece) }
        var piece: [UInt8] = []
        while piece.count < TarPayload.pieceBytes, place < entries.count, file == nil {
            try add(entries[place], to: &piece)
            place += 1
        }
        if place == entries.count, file == nil, !isEnded {
            piece += [UInt8](repeating: 0, count: records * TarPayload.record - written - piece.count)
            isEnded = true
        }
        return count(piece)
    }

    private mutating func count(_ piece: [UInt8]) -> [UInt8] {
        written += piece.count
        return piece
    }

    private mutating func add(_ entry: Entry, to piece: inout [UInt8]) throws(ApusError) {
        switch entry.content {
        case .bytes(let bytes): TarPayload.append(entry.name, bytes, &piece)
        case .file(let path, let size, let digest):
            piece += TarPayload.header(entry.name, size: size)
            file = try OpenFile(path, size: size, digest: digest)
        }
    }

    private mutating func pieceOfFile() throws(ApusError) -> [UInt8]? {
        guard let open = file else { return nil }
        if let piece = try open.next(TarPayload.pieceBytes) { return piece }
        file = nil
        let padding = TarPayload.padding(after: open.size)
        return padding.isEmpty ? nil : padding
    }

    private static func append(_ name: String, _ bytes: [UInt8], _ piece: inout [UInt8]) {
        piece += header(name, size: bytes.count)
        piece += bytes
        piece += padding(after: bytes.count)
    }

    private static func padding(after size: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: (block - size % block) % block)
    }

    /// A regular file of root's with mode 0600.
    static func header(_ name: String, size: Int) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: block)
        func put(_ text: String, at offset: Int) {
            header.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8)
        }
        put(String(name.prefix(99)), at: 0)
        put("0000600\u{0}0000000\u{0}0000000\u{0}", at: 100)
        if size < 1 << 33 {
            let digits = String(size, radix: 8)
            put(String(repeating: "0", count: 11 - digits.utf8.count) + digits, at: 124)
        } else {
            // GNU's form for sizes from 8 GiB on: a set bit, then big-endian bytes.
            header[124] = 0x80
            for index in 0..<8 { header[128 + index] = UInt8(truncatingIfNeeded: size >> (56 - 8 * index)) }
        }
        put("00000000000\u{0}        0", at: 136)
        put("ustar\u{0}00", at: 257)
        let sum = header.reduce(0) { $0 + Int($1) }
        let digits = String(sum, radix: 8)
        put(String(repeating: "0", count: 6 - digits.utf8.count) + digits + "\u{0} ", at: 148)
        return header
    }
}

/// A local file while it is being sent. When it is not what the plan saw, the leg ends before its script.
private final class OpenFile {
    let size: Int
    private let path: String
    private let descriptor: Int32
    private let digest: String
    private var hash = ContentDigest.Running()
    private var left: Int

    init(_ path: String, size: Int, digest: String) throws(ApusError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Files.failure("read-failed", "cannot read \(path)") }
        self.path = path
        self.size = size
        self.digest = digest
        left = size
    }

    deinit { close(descriptor) }

    func next(_ most: Int) throws(ApusError) -> [UInt8]? {
        guard left > 0 else {
            guard hash.finish() == digest else { throw changed() }
            return nil
        }
        var buffer = [UInt8](repeating: 0, count: min(most, left))
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0 { throw Files.failure("read-failed", "cannot read \(path)") }
        guard count > 0 else { throw changed() }
        buffer.removeLast(buffer.count - count)
        left -= count
        hash.update(buffer)
        return buffer
    }

    private func changed() -> ApusError {
        ApusError(code: "source-changed", "\(path) changed while it was being sent: nothing was done", canRetry: true)
    }
}
