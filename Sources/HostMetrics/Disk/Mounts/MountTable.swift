/// All mounts of a mount namespace, with the kernel's way of finding the one that a path leads to.
///
/// A path that lies under several mounts, or at a point where several were stacked, leads to exactly one of them. The
/// table follows the parents just as path resolution does, so a mount that another one covers, at its own point or
/// above it, is known to be out of reach: statfs(2) on its point would answer for another file system.
package struct MountTable: Sendable {
    package let mounts: [Mount]
    private let children: [Place: Int]
    private let ids: Set<Int>

    /// Where a mount is attached: a folder in its parent. Mounts without a parent in the table hang on `noParent`.
    private struct Place: Hashable {
        let parent: Int
        let path: [UInt8]
    }

    private static let noParent = -1
    private static let slash = UInt8(ascii: "/")

    package init(_ mounts: [Mount]) {
        self.mounts = mounts
        let ids = Set(mounts.map(\.id))
        var children: [Place: Int] = [:]
        for (index, mount) in mounts.enumerated() {
            // The kernel writes the table in the order of mounting: of two at one place the later one is on top.
            let isRoot = mount.parentID == mount.id || !ids.contains(mount.parentID)
            let parent = isRoot ? MountTable.noParent : mount.parentID
            children[Place(parent: parent, path: mount.mountPoint.bytes)] = index
        }
        self.children = children
        self.ids = ids
    }

    /// The mount that the absolute path `path`, free of symbolic links, `.` and `..`, leads to.
    package func mount(holding path: RawName) -> Mount? {
        chain(to: path).last
    }

    /// The mounts that path resolution goes through on its way to `path`, the outermost first.
    package func chain(to path: RawName) -> [Mount] {
        var chain: [Mount] = []
        for prefix in MountTable.prefixes(of: path.bytes) {
            // At most as many steps as there are mounts, whatever the table says.
            while chain.count <= mounts.count,
                let index = children[Place(parent: chain.last?.id ?? MountTable.noParent, path: prefix)]
            {
                chain.append(mounts[index])
            }
        }
        return chain
    }

    /// Whether the mount is what one meets at its mount point.
    package func isVisible(_ mount: Mount) -> Bool {
        self.mount(holding: mount.mountPoint)?.id == mount.id
    }

    /// Whether statfs(2) at its point can hang: it, or a mount on the way there, asks a daemon or another machine.
    package func canHang(_ mount: Mount) -> Bool {
        !mount.answersPromptly || !chain(to: mount.mountPoint).allSatisfy(\.answersPromptly)
    }

    /// `/`, `/a`, `/a/b` for `/a/b`.
    private static func prefixes(of path: [UInt8]) -> [[UInt8]] {
        var result: [[UInt8]] = [[slash]]
        for index in path.indices.dropFirst() where path[index] == slash { result.append(Array(path[..<index])) }
        if path.count > 1 { result.append(path) }
        return result
    }
}
