package import Base
import Glibc

/// Looks at the host before an installation; changes nothing.
package enum HostSurvey {
    /// Texts that are larger than this are no unit file of ours; they are only known to differ.
    private static let textLimit = 1 << 20

    /// - Throws: `ApusError` `bad-root` when the root is no folder.
    package static func take(_ options: InstallOptions) throws(ApusError) -> HostFacts {
        let paths = RootedPath(root: options.root)
        var status = stat()
        guard stat(options.root, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw ApusError(code: "bad-root", "the root \(options.root) is no folder")
        }
        let isOwnRoot = paths.root.isEmpty
        var facts = HostFacts(
            isOwnRoot: isOwnRoot, isPrivileged: geteuid() == 0,
            systemdRuns: access("/run/systemd/system", F_OK) == 0,
            systemdVersion: options.systemdVersion ?? (isOwnRoot ? systemdVersion() : nil),
            account: Accounts.read(paths))
        for item in InstallItem.all(options, systemdVersion: facts.systemdVersion) {
            do throws(ApusError) {
                let place = try paths.resolve(item.path, followsLast: item.content == .folder)
                facts.found[item.path] = try look(at: place, for: item)
                facts.hindrances[item.path] = FileStatus.hindrance(creatingIn: folder(of: place))
            } catch {
                facts.hindrances[item.path] = "\(item.path): \(error.message)"
            }
        }
        return facts
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    private static func look(at place: String, for item: InstallItem) throws(ApusError) -> HostFacts.Found {
        var status = stat()
        guard lstat(place, &status) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else {
                throw Files.failure("bad-path", "cannot look at \(place)")
            }
            return .nothing
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .folder(FileStatus.attributes(status))
        case S_IFLNK: return .link(FileStatus.linkTarget(place) ?? "?")
        case S_IFREG:
            return .file(FileStatus.attributes(status), try content(of: place, size: Int(status.st_size), item))
        default: return .other
        }
    }

    private static func content(
        of place: String, size: Int, _ item: InstallItem
    ) throws(ApusError) -> HostFacts.FoundContent {
        switch item.content {
        case .folder: return .differs(nil)
        case .program: return ProgramFile.isSame(as: place) ? .same : .differs(nil)
        case .text(let wanted):
            // What is the administrator's need not be read: it is kept whatever it holds.
            guard item.role != .configuration, size <= textLimit else { return .differs(nil) }
            let found = try Files.read(place, limit: textLimit)
            return found == wanted ? .same : .differs(found)
        }
    }

    /// Nil where systemd is not installed or does not answer.
    private static func systemdVersion() -> Int? {
        guard let result = try? ProcessRunner.run(["systemctl", "--version"], timeout: .seconds(10)), result.code == 0
        else {
            return nil
        }
        return SystemdVersion.parse(result.output)
    }
}
