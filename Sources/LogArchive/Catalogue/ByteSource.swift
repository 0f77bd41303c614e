package import Base
import ObjectStore

/// Bytes that can be read anywhere: an object, a file on this host, what is inside an envelope.
package protocol ByteSource: Sendable {
    var size: Int64 { get }
    /// - Throws: what the source throws; `source-short` where there are fewer bytes than `size` says.
    func read(_ range: Range<Int64>) async throws -> [UInt8]
}

struct ObjectSource: ByteSource {
    let store: any ObjectStore
    let key: String
    let size: Int64

    func read(_ range: Range<Int64>) async throws -> [UInt8] {
        if range.isEmpty { return [] }
        let bytes = try await store.read(key, range: range)
        guard bytes.count == range.count else { throw SourceText.short(key) }
        return bytes
    }
}

struct FileSource: ByteSource {
    let file: any LogFile
    let name: String
    let size: Int64

    func read(_ range: Range<Int64>) async throws -> [UInt8] {
        let bytes = try file.read(at: range.lowerBound, count: range.count)
        guard bytes.count == range.count else { throw SourceText.short(name) }
        return bytes
    }
}

enum SourceText {
    static func short(_ name: String) -> ApusError {
        ApusError(code: "source-short", "\(name) is shorter than it was: it was cut, or is being written")
    }
}
