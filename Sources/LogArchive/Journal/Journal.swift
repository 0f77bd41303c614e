package import Base
import Crypto
import Glibc
import Synchronization

/// The journal of an archive: what was done, durable before it is believed.
///
/// The file `journal` in the state folder, mode 0600. First line `apus-logs-journal 1`. Then one line a record: eight
/// hexadecimal digits (the first four bytes of the SHA-256 of what follows the space), a space, the record (`Record`), a line
/// feed. Behind the last record the file holds zero bytes: room that was allocated ahead, so that a full disk does not
/// keep us from writing down what makes room.
///
/// A torn last line (without a line feed, or with zero bytes in it: blocks of it never reached the disk) is cut off at the next
/// start. Any other damaged line, or one that does not fit what came before it, is skipped and counted, as are zero bytes with
/// records behind them; the file as it was is kept as `journal.damaged`. When more than half of a file above 1 MiB is of the past, the records that still matter are
/// written to `journal.new`, synced, and renamed over it.
package final class Journal: Sendable {
    private static let name = "journal"
    private static let header = "apus-logs-journal 1\n"
    package static let usualReserve: Int64 = 256 << 10
    private static let compactAbove: Int64 = 1 << 20
    /// No journal is read beyond this.
    private static let limit: Int64 = 1 << 30

    private struct Open {
        /// Nil where it is only read.
        var file: (any LogFile)?
        var end: Int64
        var allocated: Int64
        var state: ArchiveState
        /// Where the file ended after the last compaction.
        var compactedEnd: Int64
    }

    private let folder: (any LogFolder)?
    private let reserve: Int64
    private let open: Mutex<Open>
    /// Lines that could not be read.
    package let damagedLines: Int

    /// Reads the journal of `folder`, or begins one.
    ///
    /// - Parameter reserve: Bytes that are allocated ahead.
    /// - Throws: `journal-version` for one of a later Apus; what the disk throws.
    package init(_ folder: any LogFolder, reserve: Int64 = Journal.usualReserve) throws(ApusError) {
        self.folder = folder
        self.reserve = reserve
        let found = try folder.status(Journal.name)
        guard let found, found.size > 0 else {
            let state = ArchiveState()
            let (file, end, allocated) = try Journal.write(state, in: folder, reserve: reserve)
            // It is never empty: it gets its name with its first content.
            damagedLines = found == nil ? 0 : 1
            open = Mutex(Open(file: file, end: end, allocated: allocated, state: state, compactedEnd: end))
            return
        }
        let file = try folder.open(Journal.name, .readWrite, allowHardLinks: false)
        // The last process may have been killed between a write and its sync: what we read must be sure before we act on it.
        try file.sync()
        try folder.sync()
        guard found.size <= Journal.limit else {
            throw ApusError(code: "journal-too-large", "\(folder.path)/\(Journal.name) is larger than 1 GiB")
        }
        let bytes = try file.read(at: 0, count: Int(found.size))
        let reading = try JournalText.read(bytes, header: Journal.header, name: "\(folder.path)/\(Journal.name)")
        damagedLines = reading.damaged
        if reading.damaged > 0 { try Journal.keep(bytes, in: folder) }
        let allocated = Int64(bytes.count)
        open = Mutex(
            Open(
                file: file, end: Int64(reading.end), allocated: allocated, state: reading.state,
                compactedEnd: Int64(reading.end)))
        // What follows the last good line may be a torn one: zero bytes say that there is nothing.
        let tail = bytes[reading.end...]
        if tail.contains(where: { $0 != 0 }) {
            try file.write([UInt8](repeating: 0, count: tail.count), at: Int64(reading.end))
            try file.sync()
        }
        // Damage is told by this start, and need not be by each one after it. And where most of it is of the past, the next
        // start reads less.
        let isOfThePast = reading.lines > 32 && reading.lines > 2 * reading.state.essence.count
        if reading.damaged > 0 || isOfThePast { open.withLock { compact(&$0) } }
    }

    /// An empty one that cannot be written.
    package init() {
        folder = nil
        reserve = 0
        damagedLines = 0
        open = Mutex(Open(file: nil, end: 0, allocated: 0, state: ArchiveState(), compactedEnd: 0))
    }

    /// Reads the journal without its lock and without changing anything: what another process writes now is missing. Where
    /// there is none, all is empty.
    package init(reading folder: any LogFolder) throws(ApusError) {
        self.folder = folder
        reserve = 0
        var state = ArchiveState()
        var damaged = 0
        if let found = try folder.status(Journal.name), found.size > 0 {
            let file = try folder.open(Journal.name, .read, allowHardLinks: false)
            let bytes = try file.read(at: 0, count: Int(min(found.size, Journal.limit)))
            let reading = try JournalText.read(bytes, header: Journal.header, name: "\(folder.path)/\(Journal.name)")
            (state, damaged) = (reading.state, reading.damaged)
        }
        damagedLines = damaged
        open = Mutex(Open(file: nil, end: 0, allocated: 0, state: state, compactedEnd: 0))
    }

    /// The state as of now.
    package var state: ArchiveState { open.withLock { $0.state } }

    package func generation(_ id: String) -> Generation? { open.withLock { $0.state.generations[id] } }

    /// Makes records durable, all or none, and only then part of the state.
    package func record(_ records: [Record]) throws(ApusError) {
        let result = open.withLock { open in
            Result { () throws(ApusError) in try append(records, &open) }
        }
        try result.get()
    }

    package func record(_ id: String, _ events: GenerationEvent...) throws(ApusError) {
        try record(events.map { $0.record(id) })
    }

    private func append(_ records: [Record], _ open: inout Open) throws(ApusError) {
        guard let file = open.file else {
            throw ApusError(code: "journal-read-only", "the journal was opened to be read only")
        }
        let line = JournalText.lines(records)
        let needed = open.end + Int64(line.count)
        if needed > open.allocated {
            // Not in one piece with the records: where the disk is full, the rest of the room must do.
            let more = max(reserve, Int64(line.count))
            try file.write([UInt8](repeating: 0, count: Int(more)), at: open.allocated)
            open.allocated += more
        }
        do throws(ApusError) {
            try file.write(line, at: open.end)
            try file.sync()
        } catch {
            // It may be there in part, or whole: the next one is written over it, and a reader must not find it before.
            try? file.write([UInt8](repeating: 0, count: line.count), at: open.end)
            throw error
        }
        open.end = needed
        for record in records where !open.state.apply(record) {
            preconditionFailure("a record that does not fit: \(record.kind)")
        }
        if open.end > Journal.compactAbove, open.end > 2 * open.compactedEnd { compact(&open) }
    }

    /// A failure (a full disk) leaves the old file, which goes on.
    private func compact(_ open: inout Open) {
        guard let folder, let (file, end, allocated) = try? Journal.write(open.state, in: folder, reserve: reserve)
        else { return }
        open.file = file
        open.end = end
        open.allocated = allocated
        open.compactedEnd = end
    }

    private static func write(
        _ state: ArchiveState, in folder: any LogFolder, reserve: Int64
    ) throws(ApusError) -> (file: any LogFile, end: Int64, allocated: Int64) {
        let temporary = "\(name).new"
        if let old = try folder.status(temporary) { try folder.remove(temporary, old.identity) }
        let file = try folder.create(temporary, .own)
        let content = Array(header.utf8) + JournalText.lines(state.essence)
        try file.write(content + [UInt8](repeating: 0, count: Int(reserve)), at: 0)
        try file.sync()
        try folder.replace(name, by: temporary)
        try folder.sync()
        return (file, Int64(content.count), Int64(content.count) + reserve)
    }

    private static func keep(_ bytes: [UInt8], in folder: any LogFolder) throws(ApusError) {
        let name = "journal.damaged"
        if let old = try folder.status(name) { try folder.remove(name, old.identity) }
        let file = try folder.create(name, .own)
        try file.write(bytes, at: 0)
        try file.sync()
    }
}

/// The bytes of a journal.
enum JournalText {
    static func lines(_ records: [Record]) -> [UInt8] {
        records.flatMap { record in
            let text = Array(record.text.utf8)
            return checksum(text) + [UInt8(ascii: " ")] + text + [UInt8(ascii: "\n")]
        }
    }

    private static func checksum(_ bytes: some Collection<UInt8>) -> [UInt8] {
        Array(Hexadecimal.text(SHA256.hash(data: Array(bytes)).prefix(4)).utf8)
    }

    private static func newline(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress,
            let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// The next byte that is not zero.
    private static func content(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        bytes[start...].firstIndex { $0 != 0 }
    }

    /// Nil for a line that is damaged.
    private static func record(_ line: UnsafeRawBufferPointer) -> Record? {
        guard line.count > 9, line[8] == UInt8(ascii: " ") else { return nil }
        let text = UnsafeRawBufferPointer(rebasing: line[9...])
        var digest = SHA256()
        digest.update(bufferPointer: text)
        let wanted = Hexadecimal.text(digest.finalize().prefix(4))
        guard String(decoding: UnsafeRawBufferPointer(rebasing: line[..<8]), as: UTF8.self) == wanted else {
            return nil
        }
        return Record(text)
    }

    struct Reading {
        var state = ArchiveState()
        var damaged = 0
        var lines = 0
        /// The byte after the last good line.
        var end = 0
    }

    static func read(_ bytes: [UInt8], header: String, name: String) throws(ApusError) -> Reading {
        var reading = Reading()
        guard bytes.starts(with: header.utf8) else {
            if bytes.starts(with: "apus-logs-journal ".utf8) {
                throw ApusError(code: "journal-version", "\(name) was written by a later version of apus")
            }
            throw ApusError(code: "journal-damaged", "\(name) is no journal: move it away to begin a new one")
        }
        reading.end = header.utf8.count
        bytes.withUnsafeBytes { all in
            var position = header.utf8.count
            var torn = 0
            while let start = content(all, from: position), let end = newline(all, from: start) {
                // What we allocate ahead is zero up to the end: behind records it is a hole.
                if start > position { reading.damaged += 1 }
                let line = UnsafeRawBufferPointer(rebasing: all[start..<end])
                position = end + 1
                if let record = record(line), reading.state.apply(record) {
                    reading.lines += 1
                    reading.damaged += torn
                    (torn, reading.end) = (0, position)
                } else if line.contains(0) {
                    torn += 1
                } else {
                    reading.damaged += 1 + torn
                    (torn, reading.end) = (0, position)
                }
            }
        }
        return reading
    }
}
