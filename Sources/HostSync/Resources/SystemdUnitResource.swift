import SSHTransport
package import Settings

/// `systemdUnit`: a unit file of ours below /etc/systemd/system, or a drop-in of somebody's unit; systemd reads its
/// files anew only when one changed.
package struct SystemdUnitResource: Resource {
    package static let keyword = "systemdUnit"
    package static let summary = "A unit file of systemd or a drop-in, and whether the unit runs and is enabled."
    package static var bringsUnforeseen: Bool { true }

    package var name = ""
    package var dropIn: String?
    package var content: String?
    package var source: String?
    package var template: String?
    package var state = DeclaredState.present
    package var enabled: Bool?
    package var running: Bool?
    package var mode: UInt32 = 0o644
    package var wanted: Content?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("name", \.name, .unitName, "The unit with its kind: backup.timer.", required: true),
            SettingsField("dropIn", \.dropIn, .plainName, "Writes NAME.d/<this>.conf in place of the unit's own file."),
            SettingsField("content", \.content, .anyText, "The file as text."),
            SettingsField("source", \.source, .nonEmptyString, "A local file, as it is."),
            SettingsField("template", \.template, .nonEmptyString, "A local text file, rendered with the variables."),
            DeclaredState.field(
                \.state, "absent stops and disables the unit (a drop-in does not), then removes the file."),
            SettingsField("enabled", \.enabled, .bool, "Whether the unit is started at boot."),
            SettingsField(
                "running", \.running, .bool, "Whether the unit runs now. A changed file does not restart it."),
            SettingsField("mode", \.mode, .fileMode, "Permissions of the file in octal, quoted: \"0644\"."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if !ServiceStatus.kinds.contains(where: { name.hasSuffix($0) }) {
            complaints.error(at: \Self.name, "must end with its kind, such as .service or .timer")
        }
        let given = [content != nil, source != nil, template != nil].count { $0 }
        if state == .present, given != 1 { complaints.error(at: "", "give one of content, source and template") }
        if state == .absent, given > 0 || enabled != nil || running != nil {
            complaints.error(at: \Self.state, "absent goes with nothing but name and dropIn")
        }
    }

    package var label: String { dropIn.map { "\(name) (\($0))" } ?? name }

    private static let folder = "/etc/systemd/system"
    private var folder: String { dropIn == nil ? Self.folder : "\(Self.folder)/\(name).d" }
    private var path: String { dropIn.map { "\(folder)/\($0).conf" } ?? "\(folder)/\(name)" }

    package mutating func load(_ loader: any ContentLoader) throws(ResourceFault) {
        if let content { wanted = .bytes(Array(content.utf8)) }
        if let source { wanted = try loader.file(source) }
        if let template { wanted = .bytes(try loader.template(template)) }
    }

    package func probe(_ request: inout ProbeRequest) {
        request.path(folder)
        request.digest(path)
        request.ask(ServiceStatus.query, name)
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        guard ServiceStatus.manager(host) == .systemd else {
            if host.changesBefore { return .deferred("systemd may come with an earlier change") }
            throw ResourceFault("there is no running systemd")
        }
        let file = try host.status(path)
        if let file, file.kind == .directory || file.kind == .other {
            throw ResourceFault("\(path) is \(file.kind.name), not a file: declare it absent first")
        }
        var comparison = Comparison()
        let status = ServiceStatus.of(name, host)
        if state == .absent {
            remove(file, status, &host, &comparison)
        } else {
            try write(file, status, &host, &comparison)
        }
        if !comparison.differences.isEmpty { host.willProvide("unit:\(name)") }
        return comparison
    }

    private func remove(
        _ file: PathStatus?, _ status: ServiceStatus, _ host: inout HostState, _ comparison: inout Comparison
    ) {
        guard file != nil else { return reloadFiles(status, &comparison) }
        comparison.differ("file", from: "present", to: nil)
        let unit = ShellText.quoted(name)
        // A mask is a link to /dev/null at the same place: there is nothing to stop then.
        if dropIn == nil, file?.kind == .file {
            if status.isRunning { comparison.steps.text("systemctl --no-ask-password stop -- \(unit)") }
            comparison.steps.text("systemctl -q disable -- \(unit)")
        }
        comparison.steps.text("apus_enter \(ShellText.quoted(folder))")
        comparison.steps.text("rm -f ./\(ShellText.quoted(HostPath(path).name))")
        if dropIn != nil { comparison.steps.text("cd ..; rmdir ./\(ShellText.quoted("\(name).d")) 2>/dev/null || :") }
        comparison.steps.text("systemctl daemon-reload")
        host.willWrite(path, nil)
    }

    private func write(
        _ file: PathStatus?, _ status: ServiceStatus, _ host: inout HostState, _ comparison: inout Comparison
    ) throws(ResourceFault) {
        guard let wanted else { throw ResourceFault("the content of \(label) was not read") }
        if file?.kind == .link {
            throw ResourceFault(
                "\(path) is a symbolic link (a masked or linked unit): declare it absent or unmasked first")
        }
        try FolderSafety.check(folder, host)
        let digest = ContentDigest.of(wanted)
        let ownership = Ownership(mode: mode)
        if digest != file?.digest {
            comparison.differences.append(
                Difference(what: "content", old: file?.digest, new: digest, text: textChange(file, wanted)))
            comparison.differences += file == nil ? [] : ownership.differences(from: file)
            if dropIn != nil, try host.status(folder) == nil {
                comparison.steps.text(PathFunctions.text)
                comparison.steps.run("apus_folder", folder)
                host.willWrite(folder, PathStatus(kind: .directory, mode: 0o755))
            }
            FileWriter(path: HostPath(path), existing: file, ownership: ownership).write(wanted, &comparison.steps)
            comparison.steps.text("systemctl daemon-reload")
        } else if let file, file.mode != mode {
            comparison.differences += ownership.differences(from: file)
            ownership.mend(path, file, &comparison.steps)
        }
        if comparison.differences.isEmpty { reloadFiles(status, &comparison) }
        let commands = ServiceCommands(manager: .systemd, name: name)
        try ServiceWish(name: name, running: running, enabled: enabled).compare(
            wished(status, file), commands, &comparison)
        guard digest != file?.digest || file?.mode != mode else { return }
        var bytes: [UInt8]?
        if case .bytes(let text) = wanted { bytes = text }
        host.willWrite(path, PathStatus(kind: .file, mode: mode, digest: digest), content: bytes)
    }

    /// What a unit that is not there yet is like once its file is: neither enabled nor running. One whose file changes
    /// may be of another type.
    private func wished(_ status: ServiceStatus, _ file: PathStatus?) -> ServiceStatus {
        var status = status
        if dropIn == nil, file == nil, !status.isFound { status.activity = "inactive" }
        return status
    }

    private func reloadFiles(_ status: ServiceStatus, _ comparison: inout Comparison) {
        guard status.needsReload else { return }
        comparison.differ("systemd", from: "knows an older file", to: "reloaded")
        comparison.steps.text("systemctl daemon-reload")
    }

    private func textChange(_ file: PathStatus?, _ wanted: Content) -> TextChange {
        var change = TextChange(
            path: path, oldDigest: file?.digest, newDigest: ContentDigest.of(wanted), oldSize: file?.size,
            newSize: wanted.size)
        if file == nil { change.old = [] }
        if case .bytes(let bytes) = wanted { change.new = bytes }
        return change
    }
}
