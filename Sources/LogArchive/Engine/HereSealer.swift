import Base
import Crypto
import Envelope

/// Seals a generation into a file beside it, which then takes its place on this host.
///
/// On disk: the working file `.apus-ID.part`, synced, renamed to the generation's name with the suffixes of what was done to
/// it (`.zst`, `.gz`, `.enc`); `sealed` in the journal; only then the plain file goes.
struct HereSealer {
    let archive: Archive
    let rule: Rule
    let limits: ShipLimits

    func seal(_ generation: Generation, _ rotator: Rotator) async throws {
        let folder = try rotator.folder(of: generation)
        if try isTaken(generation, folder) { return }
        let plain = try folder.open(
            generation.name, .read, allowHardLinks: rule.settings.rotate.allowHardLinks)
        let before = try plain.state()
        guard before.identity == generation.identity else {
            throw ApusError(code: "file-changed", "\(generation.folder)/\(generation.name) is another file now")
        }
        let (recipe, key) = try await archive.recipe(rule, generation)
        let part = CopyRotation.partName(generation.id)
        if let old = try folder.status(part) { try folder.remove(part, old.identity) }
        let output = try folder.create(part, before.attributes)
        do {
            let (size, digest) = try await write(generation, recipe, key, plain, to: output)
            guard try plain.state().modifiedAt == before.modifiedAt else {
                throw ApusError(code: "file-changed", "it was written to while it was sealed")
            }
            // As gzip and zstd do it: who looks for a day looks at this.
            try output.setModified(before.modifiedAt)
            try output.sync()
            let name = generation.name + recipe.compression.suffix + (recipe.envelope == nil ? "" : ".enc")
            let sealed = Generation.SealedFile(
                name: name, identity: try output.state().identity, size: size, digest: digest)
            try archive.journal.record(generation.id, .sealing(sealed))
            try folder.rename(part, to: folder, as: name)
            try folder.sync()
            try archive.journal.record(generation.id, .sealedHere(sealed))
        } catch {
            if let left = try? folder.status(part) { try? folder.remove(part, left.identity) }
            throw error
        }
        try removePlain(generation, folder)
        try folder.sync()
    }

    /// A failure (a full disk) may have come after the sealed file got its name and before that was written down.
    private func isTaken(_ generation: Generation, _ folder: any LogFolder) throws(ApusError) -> Bool {
        guard let sealing = generation.sealing, try folder.status(sealing.name)?.identity == sealing.identity else {
            return false
        }
        try folder.sync()
        try archive.journal.record(generation.id, .sealedHere(sealing))
        try removePlain(generation, folder)
        try folder.sync()
        return true
    }

    private func removePlain(_ generation: Generation, _ folder: any LogFolder) throws(ApusError) {
        if let cycles = rule.settings.rotate.shredCycles {
            try Shredder.shred(generation.name, in: folder, cycles: cycles)
        }
        try folder.remove(generation.name, generation.identity)
    }

    private func write(
        _ generation: Generation, _ recipe: SealRecipe, _ key: DataKey?, _ plain: any LogFile, to output: any LogFile
    ) async throws -> (size: Int64, digest: String) {
        let stream = archive.stream(rule, generation, recipe, key, plain, limits)
        var size: Int64 = 0
        var digest = SHA256()
        let observer = archive.observer
        let spares = SpareParts()
        try await stream.run(
            partBytes: 1 << 20, spares: spares,
            progress: { observer.progress(generation, step: "seal", done: $0, of: generation.size) }
        ) { part, _ in
            try output.write(part, at: size)
            digest.update(data: part)
            size += Int64(part.count)
            spares.give(part)
        }
        return (size, "sha256:" + Hexadecimal.text(digest.finalize()))
    }
}

/// Overwrites a file before its deletion. On file systems that write elsewhere (btrfs, ZFS, an SSD's own table) the old bytes
/// may survive; encryption is the better answer.
enum Shredder {
    static func shred(_ name: String, in folder: any LogFolder, cycles: Int) throws(ApusError) {
        let file = try folder.open(name, .readWrite, allowHardLinks: false)
        let size = try file.state().size
        for cycle in 0..<cycles {
            var position: Int64 = 0
            while position < size {
                let count = Int(min(1 << 20, size - position))
                let isLast = cycle == cycles - 1
                let piece =
                    isLast ? [UInt8](repeating: 0, count: count) : (0..<count).map { _ in UInt8.random(in: 0...255) }
                try file.write(piece, at: position)
                position += Int64(count)
            }
            try file.sync()
        }
    }
}
