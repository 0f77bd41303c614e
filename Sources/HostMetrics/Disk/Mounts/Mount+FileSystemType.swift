/// What follows from the type of a file system alone.
extension Mount {
    /// Types that hold no files of anybody: `df` leaves them out, and so do we (the list of gnulib's mountlist, for
    /// Linux).
    private static let dummyTypes: Set<String> = [
        "autofs", "proc", "subfs", "debugfs", "devpts", "fusectl", "fuse.portal", "mqueue", "rpc_pipefs", "sysfs",
        "devfs",
        "kernfs", "ignore", "none",
    ]

    package var isDummy: Bool { Mount.dummyTypes.contains(type) }

    /// Lies on another machine, as `df --local` sees it: a colon in the source, or `//server/share` of SMB, or a type
    /// that exists only for networks.
    package var isRemote: Bool {
        if source.bytes.contains(UInt8(ascii: ":")) || source == "-hosts" { return true }
        switch type {
        case "smbfs", "smb3", "cifs": return source.bytes.starts(with: Array("//".utf8))
        case "acfs", "afs", "coda", "auristorfs", "fhgfs", "gpfs", "ibrix", "ocfs2", "vxfs": return true
        default: return false
        }
    }

    /// Types whose statfs(2) answers from memory. It neither asks another machine nor a daemon, so it cannot hang.
    private static let promptTypes: Set<String> = [
        "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "bcachefs", "zfs", "vfat", "exfat", "ntfs3", "iso9660", "udf",
        "squashfs", "erofs", "tmpfs", "ramfs", "devtmpfs", "hugetlbfs", "proc", "sysfs", "cgroup", "cgroup2", "devpts",
        "mqueue", "debugfs", "tracefs", "securityfs", "pstore", "bpf", "configfs", "efivarfs", "binfmt_misc", "fusectl",
        "nsfs", "selinuxfs", "rpc_pipefs",
    ]

    package var answersPromptly: Bool { Mount.promptTypes.contains(type) }
}
