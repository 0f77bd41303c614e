import Settings

/// One text file that is edited on the controller: fetched by the probe, changed by a function, written whole and only
/// if it is still what the change was made from.
struct TextFileEdit {
    let path: String
    var ownership = Ownership()
    /// Makes the file where there is none.
    var create = false
    var backup = false
    var validate: String?
    /// Writes into the file itself, for one that is a mount point.
    var inPlace = false
    /// The content is never shown.
    var isSecret = false

    func probe(_ request: inout ProbeRequest) {
        request.path(HostPath(path).folder)
        request.content(path)
    }

    /// The content as it is, or as an earlier change of the plan leaves it; nil where there is no file.
    ///
    /// - Throws: `ResourceFault` where something else stands there, or the content is not to be had.
    func current(_ host: HostState) throws(ResourceFault) -> [UInt8]? {
        guard let status = try host.status(path) else { return nil }
        guard status.kind == .file else {
            throw ResourceFault("\(path) is \(status.kind.name), not a file: declare what it points to, or remove it")
        }
        guard let content = try host.content(path) else {
            throw ResourceFault("\(path) is written by an earlier declaration from a local file: write the line there")
        }
        return content
    }

    /// Applies `edit` and adds what differs to `comparison`: the text, and mode and owner where they are declared.
    ///
    /// - Parameter edit: Is given the lines, and changes them. Applied to its own result it must change nothing.
    func apply(
        _ host: inout HostState, _ comparison: inout Comparison,
        _ edit: (inout TextLines) throws(ResourceFault) -> Void
    ) throws(ResourceFault) {
        let old = try current(host)
        var lines = TextLines(old ?? [])
        try edit(&lines)
        let new = lines.bytes
        var again = lines
        try edit(&again)
        guard again == lines else {
            throw ResourceFault("\(path) would change again each time: what is written must match what is looked for")
        }
        if old == nil, new.isEmpty { return }
        if old == nil, !create {
            throw ResourceFault("there is no \(path): give create: true, or declare the file before")
        }
        let existing = try host.status(path)
        let found = ownership.differences(from: existing).filter { existing != nil || $0.new != nil }
        if new != old {
            try write(new, old: old, existing, &comparison)
        } else if let existing, !found.isEmpty {
            ownership.mend(path, existing, &comparison.steps)
        }
        comparison.differences += found
        guard new != old || !found.isEmpty else { return }
        let after = PathStatus(
            kind: .file, mode: existing?.mode ?? 0o644, uid: existing?.uid ?? 0, gid: existing?.gid ?? 0,
            owner: existing?.owner, group: existing?.group, size: new.count, digest: ContentDigest.of(new))
        host.willWrite(path, ownership.applied(to: after), content: new)
    }

    private func write(
        _ new: [UInt8], old: [UInt8]?, _ existing: PathStatus?, _ comparison: inout Comparison
    ) throws(ResourceFault) {
        guard new.count <= ProbeRequest.mostContentBytes else {
            throw ResourceFault(
                "\(path) would have \(new.count) bytes, at most \(ProbeRequest.mostContentBytes) are edited")
        }
        let (oldDigest, newDigest) = (old.map { ContentDigest.of($0) }, ContentDigest.of(new))
        var change = TextChange(
            path: path, oldDigest: oldDigest, newDigest: newDigest, oldSize: old?.count, newSize: new.count,
            isSecret: isSecret)
        change.old = old ?? []
        change.new = new
        comparison.differences.append(Difference(what: "content", old: oldDigest, new: newDigest, text: change))
        // A step may write several files: what the writer before has set must not hold for this one.
        comparison.steps.text("umask 077; unset V B P H L")
        FileWriter(
            path: HostPath(path), existing: existing, ownership: ownership,
            expect: oldDigest.map { .digest($0) } ?? .nothing, backup: backup, validate: validate,
            isSensitive: isSecret,
            inPlace: inPlace
        ).write(.bytes(new), &comparison.steps)
    }
}
