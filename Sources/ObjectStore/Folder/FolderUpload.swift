import Base
import CloudAPI
import Glibc

/// An upload in parts, as it stands on the disk in `.apus-store/uploads/<id>/`:
///
///     upload      the record of the object to be (size 0)
///     data        parts in their order, one behind the other
///     part-<n>    a part that came before its turn, or that replaces one
///     parts       a JSON line for each part that is whole on the disk; of one number the last line counts
///
/// Parts that come in their order are written once: `data` becomes the object. One that came early is put behind the
/// others when its turn has come. Only a part that replaces another one with different bytes makes the end write
/// everything again.
struct FolderUpload {
    struct Part: Equatable {
        let number: Int
        let size: Int64
        let eTag: String
        let crc32c: String
        /// Where it begins in `data`; nil where it has a file of its own.
        let offset: Int64?

        var line: String {
            JSON.object([
                JSON.Member("number", .number("\(number)")), JSON.Member("size", .number("\(size)")),
                JSON.Member("eTag", .string(eTag)), JSON.Member("crc32c", .string(crc32c)),
                JSON.Member("offset", offset.map { .number("\($0)") } ?? .null),
            ]).text + "\n"
        }

        init(number: Int, size: Int64, eTag: String, crc32c: String, offset: Int64?) {
            self.number = number
            self.size = size
            self.eTag = eTag
            self.crc32c = crc32c
            self.offset = offset
        }

        init?(_ line: some Sequence<UInt8>) {
            guard let json = try? JSON.parse(Array(line)), let number = json["number"]?.integer,
                let size = json["size"]?.integer, let eTag = json["eTag"]?.string, let crc = json["crc32c"]?.string
            else { return nil }
            self.init(
                number: Int(number), size: size, eTag: eTag, crc32c: crc, offset: json["offset"]?.integer)
        }
    }

    let record: FolderRecord
    var parts: [Int: Part] = [:]
    /// The last part of those that stand one behind the other in `data`, 0 for none, and where they end.
    var lastInData = 0
    var dataEnd: Int64 = 0

    init(record: FolderRecord) { self.record = record }

    /// Of the lines of `parts`. A line that a crash has cut does not count, and neither does its part.
    init(record: FolderRecord, lines: [UInt8]) {
        self.record = record
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            if let part = Part(line) { add(part) }
        }
    }

    mutating func add(_ part: Part) {
        if let offset = part.offset, offset == dataEnd, part.number == lastInData + 1 {
            lastInData = part.number
            dataEnd += part.size
        }
        parts[part.number] = part
    }

    /// Whether the parts stand in `data` one behind the other from its start: it then is the object.
    func isInOrder(_ wanted: [Part]) -> Bool {
        var end: Int64 = 0
        for part in wanted {
            guard part.offset == end else { return false }
            end += part.size
        }
        return true
    }
}
