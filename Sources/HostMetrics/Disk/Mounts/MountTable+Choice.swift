package import Base

/// Which table is right: that of process 1 or our own.
///
/// statfs(2) takes a path, and a path leads through *our* mount namespace. What the operator wants to know is the
/// host as it is. Three situations:
///
/// - One namespace for both (a shell on the host, the only process of a container): the tables are the same.
/// - A service that systemd hardened (`ProtectSystem=`, `PrivateTmp=`): same root file system, but our table calls
///   everything read-only and holds dozens of bind mounts. Process 1's table tells the truth, and is taken, for every
///   mount that we see at the same place. What is hidden from us is left out (`hidden`): its point leads to something
///   else.
/// - A container that shares only the process ids of its host: process 1 lives on another root file system and its
///   paths mean nothing here. Our own table is right. To watch the host from a container, run it in the host's mount
///   namespace.
///
/// The namespaces are told apart by their root file system and not by /proc/1/ns/mnt, which only root may read.
extension MountTable {
    package struct Choice: Sendable {
        package let table: MountTable
        /// Mounts of process 1 that we cannot reach, which therefore are not sampled.
        package let hidden: [Mount]
        package let malformedLines: Int
    }

    /// - Parameters:
    ///   - first: Process 1's table; nil when it cannot be read (`hidepid=`, no such process).
    ///   - own: Our own.
    package static func choose(first: MountInfo?, own: MountInfo) -> Choice {
        let ownTable = MountTable(own.mounts)
        guard let first else { return Choice(table: ownTable, hidden: [], malformedLines: own.malformedLines) }
        let firstTable = MountTable(first.mounts)
        guard let root = firstTable.mount(holding: "/"), let ownRoot = ownTable.mount(holding: "/"),
            isSamePlace(root, ownRoot)
        else { return Choice(table: ownTable, hidden: [], malformedLines: own.malformedLines) }
        let hidden = first.mounts.filter { mount in
            guard firstTable.isVisible(mount) else { return false }
            guard let here = ownTable.mount(holding: mount.mountPoint) else { return true }
            return here.mountPoint != mount.mountPoint || !isSamePlace(here, mount)
        }
        let hiddenIDs = Set(hidden.map(\.id))
        let reachable = first.mounts.filter { !hiddenIDs.contains($0.id) }
        return Choice(table: MountTable(reachable), hidden: hidden, malformedLines: first.malformedLines)
    }

    private static func isSamePlace(_ left: Mount, _ right: Mount) -> Bool {
        left.device == right.device && left.root == right.root
    }

    /// Our own table alone: what a person sees who types a command in this mount namespace, and what `df` shows there.
    package static func readOwn(proc: String = "/proc") throws(ApusError) -> MountTable {
        MountTable(MountInfo(try Files.read("\(proc)/self/mountinfo")).mounts)
    }

    /// Reads the tables of this host.
    ///
    /// - Parameter proc: Where proc(5) is mounted.
    /// - Throws: `ApusError` when not even our own table can be read.
    package static func read(proc: String = "/proc") throws(ApusError) -> Choice {
        let first = try? Files.read("\(proc)/1/mountinfo")
        let own = try Files.read("\(proc)/self/mountinfo")
        return choose(first: first.map { MountInfo($0) }, own: MountInfo(own))
    }
}
