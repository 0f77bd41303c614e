import SSHTransport

/// Emits the call of `apus_put` that replaces one file whole.
struct FileWriter {
    enum Expectation {
        case anything
        case nothing
        /// The content must still be this, as SHA-256: the new one was made from it.
        case digest(String)

        var word: String {
            switch self {
            case .anything: "any"
            case .nothing: "none"
            case .digest(let digest): digest
            }
        }
    }

    let path: HostPath
    /// The file that is there now.
    var existing: PathStatus?
    var ownership = Ownership()
    var expect = Expectation.anything
    var backup = false
    var validate: String?
    /// What the validation prints may quote the content.
    var isSensitive = false
    var inPlace = false
    var replacesLink = false

    func write(_ content: Content, _ steps: inout StepScript) {
        let mode = ownership.mode ?? existing?.mode ?? 0o644
        let isAlone = steps.isEmpty && existing == nil && validate == nil && !replacesLink
        var mask = 0o077
        var chmod = "-"
        if existing == nil, mode & 0o7111 == 0 {
            // open(2) itself gives the mode: one program less to start.
            mask = 0o666 & ~Int(mode)
        } else if ownership.mode != nil && ownership.mode != existing?.mode || mode & 0o6000 != 0 || existing == nil {
            chmod = PathStatus.octal(mode)
        }
        steps.text("umask \(PathStatus.octal(UInt32(mask)).suffix(3))")
        if let validate { steps.text("V=\(ShellText.quoted(validate))" + (isSensitive ? "; H=1" : "")) }
        if replacesLink { steps.text("L=1") }
        if backup { steps.text("B=.$(date -u +%Y%m%dT%H%M%SZ)~") }
        if inPlace { steps.text("P=1") }
        let owner = needed(ownership.owner) { existing?.isOwned(by: $0) ?? false }
        let group = needed(ownership.group) { existing?.isInGroup($0) ?? false }
        let words = ShellText.quoted([path.folder, path.name, chmod, owner, group, expect.word])
        steps.text("apus_put \(words) \(steps.content(content))")
        guard isAlone, case .anything = expect else { return }
        let likeness = NewFile.Likeness(folder: path.folder, mode: PathStatus.octal(mode), owner: owner, group: group)
        if let file = NewFile(likeness, name: path.name, content: content) { steps.isOnly(file) }
    }

    private func needed(_ name: String?, _ isSet: (String) -> Bool) -> String {
        guard let name else { return "-" }
        return isSet(name) ? "-" : name
    }
}

/// What a folder must be like before something is written into it by name.
enum FolderSafety {
    /// - Throws: `ResourceFault` where everybody may swap the files of a folder (world-writable without the sticky bit).
    static func check(_ folder: String, _ host: HostState) throws(ResourceFault) {
        guard let status = try host.status(folder), status.kind == .directory else { return }
        guard status.mode & 0o002 == 0 || status.mode & 0o1000 != 0 else {
            throw ResourceFault(
                "\(folder) is writable by everybody and not sticky: anybody could swap what is written there")
        }
    }
}
