package import Base
import Synchronization

/// Finds the mount that holds a path that a user typed.
package struct PathResolver: Sendable {
    private let time: any TimeSource

    package init(time: any TimeSource = SystemTime()) {
        self.time = time
    }

    /// The path without symbolic links, from the kernel, within the time-out: also the way to a path can hang.
    ///
    /// - Throws: `SampleError`: `.system(ENOENT)` and the like, or `.timedOut`.
    package func resolve(_ path: String, timeout: Duration) async throws(SampleError) -> RawName {
        let (answers, feed) = AsyncStream<ProbeCall.Answer?>.makeStream()
        let children = ProbeChildren()
        let code = ProbeThread.start {
            feed.yield(
                ProbeCall.perform(.resolve, path: RawName(Array(path.utf8)), isolated: true, children: children))
        }
        guard code == 0 else { throw .system(code) }
        let deadline = time.now().advanced(by: timeout)
        let answer = await withTaskGroup(of: Void.self) { [time] group in
            group.addTask {
                try? await time.sleep(until: deadline)
                feed.yield(nil)
            }
            defer { group.cancelAll() }
            var incoming = answers.makeAsyncIterator()
            return await incoming.next() ?? nil
        }
        switch answer {
        case .path(let path): return path
        case .failed(let code): throw .system(code)
        case .died, .figures: throw .probeDied
        case nil:
            children.killAll()
            throw .timedOut
        }
    }

    /// The mount of a resolved path. The name of a mounted device stands for its file system, as in `df /dev/sda1`.
    package static func mount(of path: RawName, in table: MountTable) -> Mount? {
        let mountsOfDevice = table.mounts.filter { $0.source == path && table.isVisible($0) }
        return mountsOfDevice.min { $0.mountPoint.bytes.count < $1.mountPoint.bytes.count }
            ?? table.mount(holding: path)
    }
}
