import Base

/// Makes room for the newest of numbered generations: `.3` becomes `.4`, `.2` becomes `.3`, `.1` becomes `.2`, each by a
/// rename that replaces nothing. The highest first, so that a crash leaves a gap and never an overwritten file.
struct NumberShift {
    let archive: Archive
    let names: GenerationName
    let start: Int
    let folder: any LogFolder

    func makeRoom() throws(ApusError) {
        let known = archive.journal.state.all.filter { $0.folder == folder.path && !$0.isGone }
        // One that is between two names, because something failed, would be taken for two.
        for generation in known where generation.sealing != nil || generation.nextName != nil {
            throw ApusError(
                code: "rotation-unfinished", "\(folder.path)/\(generation.name) has not got its last name yet",
                canRetry: true)
        }
        var byNumber: [Int: [String]] = [:]
        for name in try folder.names() {
            if let file = names.generation(name), case .number(let number) = file.stamp, !file.suffixes.isPartial {
                byNumber[number, default: []].append(name)
            }
        }
        // Only those without a gap before them are in the way.
        var end = start
        while byNumber[end] != nil { end += 1 }
        for number in (start..<end).reversed() {
            for name in (byNumber[number] ?? []).sorted() { try move(name, number, known) }
        }
        if end > start { try folder.sync() }
    }

    private func move(_ name: String, _ number: Int, _ known: [Generation]) throws(ApusError) {
        let suffix = name.dropFirst(Archive.split(names.path(number: number)).name.utf8.count)
        let next = Archive.split(names.path(number: number + 1)).name + suffix
        guard let generation = known.first(where: { $0.name == name }) else {
            return try folder.rename(name, to: folder, as: next)
        }
        try archive.journal.record(generation.id, .moving(next))
        try folder.rename(name, to: folder, as: next)
        try folder.sync()
        try archive.journal.record(generation.id, .moved)
    }
}
