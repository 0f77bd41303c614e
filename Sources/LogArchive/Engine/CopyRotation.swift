import Base
import Glibc

/// Rotation of a log whose writer goes on writing to it: what is there is copied, and cut off.
///
/// - A log of up to 16 MiB that nobody has open is kept so by a lease, and made empty: nothing is lost.
/// - Where the file system can take a range out of a file (ext4, XFS), nothing is lost whatever the writer does meanwhile:
///   the whole blocks of the log go, and its last part, of a block at most, stays in it.
/// - Elsewhere the log is made empty right after the last byte of it was read; what is written in between is lost. That
///   window is a few microseconds: the copy follows the writer until nothing is left to copy.
///
/// On disk: the working file `.apus-ID.part` beside the generation. It is durable before `copied` is in the journal; only
/// then is the log cut, and after that the working file gets its name.
struct CopyRotation {
    private static let piece = 1 << 20
    /// Holes are looked for in such steps.
    private static let holeUnit = 16 << 10
    /// Rounds in which the copy runs after a fast writer before the log is made empty all the same.
    private static let mostRounds = 50
    /// Who opens a log that we keep for us waits for the copy: it must be a short one.
    private static let mostAlone: Int64 = 16 << 20

    let archive: Archive

    static func partName(_ id: String) -> String { ".apus-\(id).part" }

    /// Nil where there is nothing that can be cut off yet.
    func run(
        _ generation: Generation, _ name: String, _ folder: any LogFolder, _ target: any LogFolder,
        _ settings: RotateSettings
    ) throws(ApusError) -> Generation? {
        let isCopy = generation.method == .copy
        let log = try folder.open(name, isCopy ? .read : .readWrite, allowHardLinks: settings.allowHardLinks)
        try log.lock()
        let isShort = try log.state().size <= CopyRotation.mostAlone
        let isAlone = !isCopy && isShort && log.keepOthersOut()
        defer { if isAlone { log.letOthersIn() } }
        let unit = isCopy || isAlone ? nil : log.collapseUnit
        let state = try log.state()
        var length = state.size
        if let unit {
            // The last block stays: a file's end cannot be taken out, and cutting it off would lose what is written meanwhile.
            length = (max(0, length - 1) / unit) * unit
            if length == 0, state.size > 0 { return nil }
        }
        var generation = generation
        try archive.journal.record(generation.id, .planned(generation))
        do throws(ApusError) {
            let part = CopyRotation.partName(generation.id)
            let copy = try target.create(part, state.attributes)
            try copyBytes(from: log, 0..<length, to: copy)
            if unit == nil, !isCopy { length = try follow(log, copy, from: length) }
            try copy.sync()
            try target.sync()
            if isAlone { try checkAlone(log) }
            let copyState = Generation.CopyState(
                part: part, length: length, logIdentity: state.identity, logSize: state.size,
                firstBlock: unit == nil ? nil : log.firstBlock(), collapses: unit != nil)
            let identity = try copy.state().identity
            try archive.journal.record(generation.id, .copied(copyState, identity: identity))
            if !isCopy, length > 0 {
                // A slow sync has given the writer time: what it wrote since is copied before the log is made empty.
                if unit == nil { length = try follow(log, copy, from: length) }
                if isAlone { try checkAlone(log) }
                try cut(log, length, collapses: unit != nil)
                try copy.sync()
                try log.sync()
            }
            generation.identity = identity
            generation.size = length
            try finish(generation, part, target)
        } catch {
            if archive.journal.generation(generation.id)?.stage == .planned { undo(generation, target) }
            throw error
        }
        return generation
    }

    /// Somebody who waits may be through already, if it took too long.
    private func checkAlone(_ log: any LogFile) throws(ApusError) {
        guard log.keepsOthersOut else {
            throw ApusError(code: "log-opened", "somebody opened the log while it was copied", canRetry: true)
        }
    }

    private func cut(_ log: any LogFile, _ length: Int64, collapses: Bool) throws(ApusError) {
        if collapses {
            try log.collapse(length)
        } else {
            try log.truncate(to: 0)
        }
    }

    /// The working file gets its name.
    func finish(_ generation: Generation, _ part: String, _ target: any LogFolder) throws(ApusError) {
        try target.rename(part, to: target, as: generation.name)
        try target.sync()
        let size = try target.status(generation.name)?.size ?? generation.size
        try archive.journal.record([
            GenerationEvent.rotated(name: generation.name, identity: generation.identity, size: size)
                .record(generation.id),
            GenerationEvent.told.record(generation.id),
            Rotator.memory(generation.log, generation.rotatedAt, isRotation: true),
        ])
    }

    /// Nothing was cut: the copy goes, and the log stands as it did.
    func undo(_ generation: Generation, _ target: any LogFolder) {
        let part = CopyRotation.partName(generation.id)
        do throws(ApusError) {
            if let state = try target.status(part) { try target.remove(part, state.identity) }
            // Not before it is gone for good: nobody else will look for it.
            try target.sync()
            try archive.journal.record(generation.id, .ended)
        } catch {
            archive.observer.tell(
                ArchiveFailed(rule: generation.rule, subject: generation.log, step: .recover, failure: error))
        }
    }

    private static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress else { return true }
        return start.load(as: UInt8.self) == 0 && memcmp(start, start + 1, bytes.count - 1) == 0
    }

    private func follow(_ log: any LogFile, _ copy: any LogFile, from start: Int64) throws(ApusError) -> Int64 {
        var position = start
        for _ in 0..<CopyRotation.mostRounds {
            let size = try log.state().size
            if size <= position { break }
            try copyBytes(from: log, position..<size, to: copy)
            position = size
        }
        return position
    }

    private func copyBytes(
        from log: any LogFile, _ range: Range<Int64>, to copy: any LogFile
    ) throws(ApusError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: CopyRotation.piece, alignment: 4096)
        defer { buffer.deallocate() }
        var position = range.lowerBound
        while position < range.upperBound {
            let wanted = Int(min(Int64(CopyRotation.piece), range.upperBound - position))
            let count = try log.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
            guard count > 0 else { throw ApusError(code: "file-changed", "the log became shorter while it was copied") }
            let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            try write(piece, at: position, to: copy, isLast: position + Int64(count) >= range.upperBound)
            position += Int64(count)
        }
    }

    /// A writer without O_APPEND leaves a hole where it was when its log was emptied: it stays one.
    private func write(
        _ piece: UnsafeRawBufferPointer, at position: Int64, to copy: any LogFile, isLast: Bool
    ) throws(ApusError) {
        var begin = 0
        var index = 0
        while index < piece.count {
            let end = min(piece.count, index + CopyRotation.holeUnit)
            let staysOpen = end < piece.count || !isLast
            if staysOpen, CopyRotation.isZero(UnsafeRawBufferPointer(rebasing: piece[index..<end])) {
                if begin < index {
                    try copy.write(
                        UnsafeRawBufferPointer(rebasing: piece[begin..<index]), at: position + Int64(begin))
                }
                begin = end
            }
            index = end
        }
        guard begin < piece.count else { return }
        try copy.write(UnsafeRawBufferPointer(rebasing: piece[begin...]), at: position + Int64(begin))
    }
}
