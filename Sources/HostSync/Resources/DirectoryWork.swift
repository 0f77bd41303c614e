import SSHTransport

/// The comparison of one `directory`, part by part: the folder itself, what `source` wants in it, what `purge` removes
/// and what `recurse` gives to the rest.
struct DirectoryWork {
    private let wanted: DirectoryResource
    private(set) var comparison = Comparison()
    private var hasFunctions = false

    init(_ wanted: DirectoryResource) { self.wanted = wanted }

    private var ownership: Ownership { Ownership(owner: wanted.owner, group: wanted.group) }

    /// The shell functions come before the first step that calls one.
    private mutating func useFunctions() {
        if !hasFunctions { comparison.steps.text(PathFunctions.text) }
        hasFunctions = true
    }

    // MARK: The folder

    mutating func folder(_ host: inout HostState) throws(ResourceFault) {
        for folder in HostPath(wanted.path).ancestors where try host.status(folder) == nil {
            guard wanted.parents else {
                throw ResourceFault("there is no \(folder): declare it before, or give parents: true")
            }
            try make(folder, "folder \(folder)", Ownership(), &host)
        }
        let whole = Ownership(mode: wanted.mode, owner: wanted.owner, group: wanted.group)
        try directory(wanted.path, "folder", "", whole, &host)
    }

    private mutating func directory(
        _ path: String, _ what: String, _ suffix: String, _ ownership: Ownership, _ host: inout HostState
    ) throws(ResourceFault) {
        guard let status = try host.status(path) else { return try make(path, what, ownership, &host) }
        guard status.kind == .directory else {
            throw ResourceFault("\(path) is \(status.kind.name), not a directory: declare it absent first")
        }
        let found = ownership.differences(from: status)
        guard !found.isEmpty else { return }
        comparison.differences += found.map { named($0, suffix) }
        FolderMode.mend(path, ownership, from: status, &comparison.steps)
        host.willWrite(path, ownership.applied(to: status))
    }

    private mutating func make(
        _ path: String, _ what: String, _ ownership: Ownership, _ host: inout HostState
    ) throws(ResourceFault) {
        try FolderSafety.check(HostPath(path).folder, host)
        comparison.differ(what, from: nil, to: PathStatus.octal(ownership.mode ?? 0o755))
        if ownership.owner != nil || ownership.group != nil {
            let owner = (ownership.owner ?? "") + (ownership.group.map { ":\($0)" } ?? "")
            comparison.differ("owner of \(what)", from: nil, to: owner)
        }
        useFunctions()
        comparison.steps.run("apus_folder", path)
        FolderMode.mend(path, ownership, from: nil, &comparison.steps)
        host.willWrite(path, ownership.applied(to: PathStatus(kind: .directory, mode: 0o755)))
    }

    private func named(_ difference: Difference, _ suffix: String) -> Difference {
        var difference = difference
        difference.what += suffix
        return difference
    }

    // MARK: What source holds

    mutating func entry(_ entry: TreeEntry, at path: String, _ host: inout HostState) throws(ResourceFault) {
        var ownership = ownership
        switch entry.kind {
        case .directory:
            ownership.mode = wanted.directoryMode ?? entry.mode & 0o777
            try directory(path, "folder \(entry.path)", " of \(entry.path)", ownership, &host)
        case .file(let content):
            ownership.mode = wanted.fileMode ?? entry.mode & 0o777
            try file(entry.path, at: path, content, ownership, &host)
        case .link(let target):
            try link(entry.path, at: path, target, &host)
        }
    }

    private mutating func file(
        _ name: String, at path: String, _ content: Content, _ ownership: Ownership, _ host: inout HostState
    ) throws(ResourceFault) {
        let status = try host.status(path)
        if let status, status.kind != .file {
            throw ResourceFault("\(path) is \(status.kind.name), not a file: declare it absent first")
        }
        let digest = ContentDigest.of(content)
        let found = ownership.differences(from: status)
        guard digest != status?.digest else {
            guard let status, !found.isEmpty else { return }
            comparison.differences += found.map { named($0, " of \(name)") }
            ownership.mend(path, status, &comparison.steps)
            return host.willWrite(path, ownership.applied(to: status), content: host.answer.contents[path])
        }
        var change = TextChange(
            path: path, oldDigest: status?.digest, newDigest: digest, oldSize: status?.size, newSize: content.size)
        if status == nil { change.old = [] }
        if case .bytes(let bytes) = content { change.new = bytes }
        comparison.differences.append(
            Difference(what: "content of \(name)", old: status?.digest, new: digest, text: change))
        comparison.differences += found.map { named($0, " of \(name)") }
        try FolderSafety.check(HostPath(path).folder, host)
        // What a writer before this one has set must not hold for this one's temporary file.
        comparison.steps.text("umask 077")
        FileWriter(path: HostPath(path), existing: status, ownership: ownership).write(content, &comparison.steps)
        let after = PathStatus(kind: .file, mode: ownership.mode ?? 0o644, size: content.size, digest: digest)
        var bytes: [UInt8]?
        if case .bytes(let held) = content { bytes = held }
        host.willWrite(path, ownership.applied(to: after), content: bytes)
    }

    private mutating func link(
        _ name: String, at path: String, _ target: String, _ host: inout HostState
    ) throws(ResourceFault) {
        let status = try host.status(path)
        if status?.kind == .link, status?.target == target { return }
        if let status, status.kind != .link {
            throw ResourceFault("\(path) is \(status.kind.name), not a symbolic link: declare it absent first")
        }
        try FolderSafety.check(HostPath(path).folder, host)
        comparison.differ("target of \(name)", from: status?.target, to: target)
        useFunctions()
        comparison.steps.run("apus_link", path, target)
        host.willWrite(path, PathStatus(kind: .link, mode: 0o777, target: target))
    }

    // MARK: What is there beside it

    /// Only the topmost of what is not wanted is removed and named; what is below goes with it.
    mutating func remove(_ listing: TreeListing, _ host: inout HostState) throws(ResourceFault) {
        let kept = Set(wanted.entries.map { wanted.place($0) })
        var gone = Set<String>()
        for (path, status) in listing.entries where !kept.contains(path) {
            let isInside = gone.contains(HostPath(path).folder)
            gone.insert(path)
            host.willWrite(path, nil)
            guard !isInside else { continue }
            try FolderSafety.check(HostPath(path).folder, host)
            comparison.differ("entry \(relative(path))", from: status.kind.name, to: nil)
            useFunctions()
            comparison.steps.run("apus_gone", path, "all")
        }
    }

    /// What files of one folder need alike, and so get together.
    private struct Mending: Hashable {
        let folder: String
        let mode: String
        let owner: String
        let group: String
    }

    /// Names that go to one command.
    private static let mostTogether = 100

    mutating func recurse(_ listing: TreeListing, _ host: inout HostState) throws(ResourceFault) {
        guard !wanted.purge else { return }
        let done = Set(wanted.entries.map { wanted.place($0) })
        var folders = StepScript()
        var files: [Mending: [String]] = [:]
        var order: [Mending] = []
        for (path, listed) in listing.entries where !done.contains(path) {
            var ownership = ownership
            switch listed.kind {
            case .directory: ownership.mode = wanted.directoryMode
            case .file: ownership.mode = wanted.fileMode
            case .link, .other: break
            }
            let found = ownership.differences(from: listed)
            guard !found.isEmpty else { continue }
            comparison.differences += found.map { named($0, " of \(relative(path))") }
            if listed.kind == .directory {
                FolderMode.mend(path, ownership, from: listed, &folders)
                continue
            }
            let mending = mending(path, ownership, listed)
            if files[mending] == nil { order.append(mending) }
            files[mending, default: []].append(HostPath(path).name)
        }
        var lines = folders.lines
        for mending in order {
            var names = files[mending, default: []][...]
            while !names.isEmpty {
                let words = [mending.folder, mending.mode, mending.owner, mending.group]
                lines.append("apus_all \(ShellText.quoted(words + names.prefix(DirectoryWork.mostTogether)))")
                names = names.dropFirst(DirectoryWork.mostTogether)
            }
        }
        guard !lines.isEmpty else { return }
        // One that is refused (a hard link) keeps none of the others from being mended.
        comparison.steps.text("apus_bad=")
        for line in lines { comparison.steps.text("\(line) || apus_bad=1") }
        comparison.steps.text("[ -z \"$apus_bad\" ]")
    }

    private func mending(_ path: String, _ ownership: Ownership, _ listed: PathStatus) -> Mending {
        let owner = ownership.owner.flatMap { listed.isOwned(by: $0) ? nil : $0 }
        let group = ownership.group.flatMap { listed.isInGroup($0) ? nil : $0 }
        // chown(2) clears setuid and setgid: such a mode is set again. A link has none of its own.
        let mode = ownership.mode ?? listed.mode
        let isCleared = (owner != nil || group != nil) && mode & 0o6000 != 0
        let needsMode = listed.kind != .link && (mode != listed.mode || isCleared)
        return Mending(
            folder: HostPath(path).folder, mode: needsMode ? PathStatus.octal(mode) : "-", owner: owner ?? "-",
            group: group ?? "-")
    }

    private func relative(_ path: String) -> String {
        String(path.dropFirst(wanted.path == "/" ? 1 : wanted.path.count + 1))
    }
}
