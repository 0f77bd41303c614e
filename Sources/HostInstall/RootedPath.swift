import Base
import Glibc

/// Paths inside a root that is not trusted: symbolic links are resolved as chroot(2) would, so an absolute one starts
/// at the root again and `..` never leaves it. An image with a hostile `/etc` can then not lead a write to the host's
/// own `/etc`.
///
/// The tree must not be changed by others meanwhile; between the look and the write there is no lock.
struct RootedPath {
    /// As the kernel's own limit.
    static let linkLimit = 40

    let root: String

    init(root: String) {
        var root = root
        while root.count > 1, root.hasSuffix("/") { root.removeLast() }
        self.root = root == "/" ? "" : root
    }

    /// The path outside of the root. What does not exist is taken as a folder to be made.
    ///
    /// - Parameter followsLast: Whether the last component may be a link, too.
    /// - Throws: `ApusError` `bad-path` for a link to nothing, too many links, or a file in the place of a folder.
    func resolve(_ path: String, followsLast: Bool) throws(ApusError) -> String {
        var pending = components(path).reversed().map { Component(name: $0, link: nil) }
        var done: [String] = []
        var links = 0
        while let next = pending.popLast() {
            if next.name == ".." {
                _ = done.popLast()
                continue
            }
            let isLast = pending.isEmpty && next.link == nil
            let host = outside(done + [next.name])
            if isLast, !followsLast { return host }
            guard let target = try linkTarget(host, isLast: pending.isEmpty, next.link) else {
                done.append(next.name)
                continue
            }
            links += 1
            guard links <= RootedPath.linkLimit else {
                throw ApusError(code: "bad-path", "\(path) leads through too many symbolic links")
            }
            if target.hasPrefix("/") { done = [] }
            pending += components(target).reversed().map { Component(name: $0, link: host) }
        }
        return outside(done)
    }

    private struct Component {
        let name: String
        /// The link that it comes from.
        let link: String?
    }

    private func components(_ path: String) -> [String] {
        path.split(separator: "/").map(String.init).filter { $0 != "." }
    }

    private func outside(_ components: [String]) -> String {
        root + "/" + components.joined(separator: "/")
    }

    /// Where the link at `host` points; nil when it is a folder, or nothing.
    private func linkTarget(_ host: String, isLast: Bool, _ link: String?) throws(ApusError) -> String? {
        var status = stat()
        guard lstat(host, &status) == 0 else {
            guard errno == ENOENT else { throw Files.failure("bad-path", "cannot look at \(host)") }
            if let link { throw ApusError(code: "bad-path", "\(link) is a symbolic link to nothing") }
            return nil
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return nil
        case S_IFLNK:
            guard let target = FileStatus.linkTarget(host) else {
                throw Files.failure("bad-path", "cannot read the link \(host)")
            }
            return target
        default:
            if isLast { return nil }
            throw ApusError(code: "bad-path", "\(host) is no folder")
        }
    }
}
