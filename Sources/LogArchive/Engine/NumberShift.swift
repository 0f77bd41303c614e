import Base

/// Makes room for the newest of numbered generations: `.3` becomes `.4`, `.2` becomes `.3`, `.1` becomes `.2`, each by a
/// rename that replaces nothing. The highest first, so that a crash leaves a gap and never an overwritten file.
struct NumberShift {
    let archive: Archive
    let names: GenerationName
    let start: Int
    let folder: any LogFolder

    func makeRoom() throws(ApusError) {
        var byNumber: [Int: String] = [:]
        for name in try folder.names() {
            if let file = names.generation(name), case .number(let number) = file.stamp, !file.suffixes.isPartial {
                byNumber[number] = name
            }
        }
        // Only those without a gap before them are in the way.
        var chain: [String] = []
        while let name = byNumber[start + chain.count] { chain.append(name) }
        let known = archive.journal.state.all.filter { $0.folder == folder.path && !$0.isGone }
        for (offset, name) in chain.enumerated().reversed() {
            let suffix = name.dropFirst(Archive.split(names.path(number: start + offset)).name.utf8.count)
            let next = Archive.split(names.path(number: start + offset + 1)).name + suffix
            if let generation = known.first(where: { $0.name == name }) {
                try archive.journal.record(generation.id, .moving(next))
                try folder.rename(name, to: folder, as: next)
                try folder.sync()
                try archive.journal.record(generation.id, .moved)
            } else {
                try folder.rename(name, to: folder, as: next)
            }
        }
        if !chain.isEmpty { try folder.sync() }
    }
}
