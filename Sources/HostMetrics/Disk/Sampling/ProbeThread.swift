import Glibc
import Synchronization

/// Threads for calls that block, apart from Swift's cooperative pool, which has a thread a core and would stand still.
enum ProbeThread {
    /// Enough for a system call and the closure around it; only the pages that are touched cost memory.
    private static let stackBytes = 256 << 10

    private final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a detached thread.
    ///
    /// - Returns: 0, or the error number for which there is none (EAGAIN: too many).
    static func start(_ body: @escaping @Sendable () -> Void) -> Int32 {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackBytes)
        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                var all = sigset_t()
                sigfillset(&all)
                pthread_sigmask(SIG_BLOCK, &all, nil)
                if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, work.toOpaque())
        if code != 0 { work.release() }
        return code
    }
}

/// The processes in which probes run now.
final class ProbeChildren: Sendable {
    private let ids = Mutex<Set<pid_t>>([])

    var count: Int { ids.withLock { $0.count } }

    func insert(_ child: pid_t) {
        ids.withLock { _ = $0.insert(child) }
    }

    /// Collects a child that has answered or died. It leaves the set first: `killAll` never meets a number that the
    /// kernel may have given to somebody else.
    func reap(_ child: pid_t) {
        ids.withLock { _ = $0.remove(child) }
        while waitpid(child, nil, 0) < 0, errno == EINTR {}
    }

    /// Ends those that can be ended: a hung NFS server lets go, a hung FUSE daemon does not.
    func killAll() {
        ids.withLock { ids in
            for child in ids { kill(child, SIGKILL) }
        }
    }
}
