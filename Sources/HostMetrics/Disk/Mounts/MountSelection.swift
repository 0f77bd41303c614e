/// Which mounts are shown: those that a user of plain `df` expects, or all of them.
///
/// The rules of `df` (GNU coreutils): types without files are left out (`Mount.isDummy`); of several mounts of one
/// device one is shown: that with a real source, then that nearer the root of the system unless it shows a smaller
/// part of the device, then the first. Where `df` asks stat(2) for the device, the kernel's table is asked here: it
/// cannot hang. A btrfs subvolume counts as a device of its own, as its `st_dev` does. File systems without blocks
/// are left out after they were asked, because only then it is known.
package struct MountSelection: Sendable, Equatable {
    package var includesAll = false
    package var localOnly = false

    package init(includesAll: Bool = false, localOnly: Bool = false) {
        self.includesAll = includesAll
        self.localOnly = localOnly
    }

    /// The mounts to show, in the order of the table.
    package func mounts(of table: MountTable) -> [Mount] {
        let wanted = table.mounts.filter { !localOnly || !$0.isRemote }
        if includesAll { return wanted }
        var chosen: [Mount] = []
        var positions: [Key: Int] = [:]
        for mount in wanted where !mount.isDummy && table.isVisible(mount) {
            let key = Key(mount)
            if let position = positions[key] {
                if MountSelection.prefers(mount, to: chosen[position]) { chosen[position] = mount }
            } else {
                positions[key] = chosen.count
                chosen.append(mount)
            }
        }
        return chosen
    }

    /// What makes two mounts the same file system for the user.
    private struct Key: Hashable {
        let device: DeviceNumber
        let subvolume: RawName?
        /// Two exports of one server are both shown, although they may share a device number.
        let remoteSource: RawName?

        init(_ mount: Mount) {
            device = mount.device
            subvolume = mount.type == "btrfs" ? mount.root : nil
            remoteSource = mount.isRemote ? mount.source : nil
        }
    }

    private static func prefers(_ new: Mount, to old: Mount) -> Bool {
        let slash = UInt8(ascii: "/")
        if new.source.bytes.contains(slash), !old.source.bytes.contains(slash) { return true }
        return new.mountPoint.bytes.count < old.mountPoint.bytes.count
            && new.root.bytes.count <= old.root.bytes.count
    }
}
