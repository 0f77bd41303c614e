import SSHTransport
package import Settings

/// Mode, owner and group, as every resource that stands in the file system declares and compares them. What is not
/// declared is left as it is.
package struct Ownership: Sendable, Equatable {
    package var mode: UInt32?
    package var owner: String?
    package var group: String?

    package init(mode: UInt32? = nil, owner: String? = nil, group: String? = nil) {
        self.mode = mode
        self.owner = owner
        self.group = group
    }

    static func modeField<Group>(_ path: any WritableKeyPath<Group, UInt32?> & Sendable) -> SettingsField<Group> {
        SettingsField("mode", path, .fileMode, "Permissions in octal, quoted: \"0644\".")
    }

    static func ownerField<Group>(_ path: any WritableKeyPath<Group, String?> & Sendable) -> SettingsField<Group> {
        SettingsField("owner", path, .account, "The owning user, by name or number.")
    }

    static func groupField<Group>(_ path: any WritableKeyPath<Group, String?> & Sendable) -> SettingsField<Group> {
        SettingsField("group", path, .account, "The owning group, by name or number.")
    }

    /// The aspects in which `status` differs.
    func differences(from status: PathStatus?) -> [Difference] {
        var found: [Difference] = []
        if let mode, status?.mode != mode {
            found.append(
                Difference(
                    what: "mode", old: status.map { PathStatus.octal($0.mode) }, new: PathStatus.octal(mode)))
        }
        if let owner, status?.isOwned(by: owner) != true {
            found.append(Difference(what: "owner", old: status?.ownerText, new: owner))
        }
        if let group, status?.isInGroup(group) != true {
            found.append(Difference(what: "group", old: status?.groupText, new: group))
        }
        return found
    }

    /// Appends what mends the differences of something that is there already.
    func mend(_ path: String, _ status: PathStatus, _ steps: inout StepScript) {
        let wantsOwner = owner.map { !status.isOwned(by: $0) } ?? false
        let wantsGroup = group.map { !status.isInGroup($0) } ?? false
        if wantsOwner || wantsGroup {
            steps.run("apus_owned", path, wantsOwner ? owner ?? "-" : "-", wantsGroup ? group ?? "-" : "-")
        }
        // chown(2) clears setuid and setgid: the mode comes last, and again where it has such bits.
        let mode = mode ?? status.mode
        if mode != status.mode || (wantsOwner || wantsGroup) && mode & 0o6000 != 0 {
            steps.run("apus_moded", path, PathStatus.octal(mode))
        }
    }

    /// What the path will be after `mend`, for the resources that follow.
    func applied(to status: PathStatus) -> PathStatus {
        var status = status
        if let mode { status.mode = mode }
        if let owner {
            if let uid = Int(owner) { status.uid = uid }
            status.owner = Int(owner) == nil ? owner : nil
        }
        if let group {
            if let gid = Int(group) { status.gid = gid }
            status.group = Int(group) == nil ? group : nil
        }
        return status
    }
}

extension ValueFormat where Value == String {
    /// The name or number of a user or group.
    package static var account: ValueFormat {
        parsed(
            name: "a user or group", allowed: "a name or a number", pattern: "^[^:\\s/-][^:\\s/]*$",
            numbers: 0...4_294_967_294,
            parse: { text in
                let isPlain = text.utf8.allSatisfy {
                    $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "/")
                }
                return isPlain && !text.isEmpty && !text.hasPrefix("-") && text.utf8.count <= 128 ? text : nil
            }, render: { $0 })
    }
}
