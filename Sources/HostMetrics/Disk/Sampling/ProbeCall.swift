import Glibc

/// A system call that may never return, made where it cannot hurt: on a thread of its own and, for file systems that ask a
/// daemon or another machine, in a process of its own.
///
/// Why a process: a thread inside a FUSE request that the daemon has read and does not answer sleeps uninterruptibly. A
/// process with such a thread cannot end, not even by SIGKILL: `apus disk` would never give the prompt back, and a restart
/// of the service would hang. (Seen on Linux 6.18: state `Zl`, the thread in `request_wait_answer`.) The child is a bare fork
/// that makes this one call with every other descriptor closed; if it hangs, the parent can still leave.
enum ProbeCall {
    enum Operation: Equatable {
        /// statvfs(3) of the path; the answer is a `statvfs`.
        case statistics
        /// The path without symbolic links, by O_PATH, which opens no device and triggers no automount. Only isolated.
        case resolve
    }

    enum Answer: Equatable {
        case bytes([UInt8])
        case failed(Int32)
        case died
    }

    /// The answer starts with the error number, eight bytes with its padding; then comes at most a path of PATH_MAX bytes.
    private static let header = 8
    private static let capacity = 4096

    /// Blocks until the kernel answers: only for a `ProbeThread`.
    static func perform(_ operation: Operation, path: RawName, isolated: Bool, children: ProbeChildren) -> Answer {
        guard !path.bytes.contains(0) else { return .failed(ENOENT) }
        let answer = UnsafeMutableRawPointer.allocate(byteCount: header + capacity, alignment: 16)
        defer { answer.deallocate() }
        return (path.bytes + [0]).withUnsafeBytes { bytes in
            let path = bytes.baseAddress!.assumingMemoryBound(to: CChar.self)
            guard isolated || operation == .resolve else {
                return decode(answer, count: readStatistics(path, answer))
            }
            return performInChild(operation, path: path, answer: answer, children: children)
        }
    }

    private static func decode(_ answer: UnsafeMutableRawPointer, count: Int) -> Answer {
        guard count >= header else { return .died }
        let code = answer.load(as: Int32.self)
        guard code == 0 else { return .failed(code) }
        return .bytes(Array(UnsafeRawBufferPointer(start: answer + header, count: count - header)))
    }

    private static func performInChild(
        _ operation: Operation, path: UnsafePointer<CChar>, answer: UnsafeMutableRawPointer, children: ProbeChildren
    ) -> Answer {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return .failed(errno) }
        let (reading, writing) = (ends[0], ends[1])
        defer { close(reading) }
        _ = fcntl(reading, F_SETFD, FD_CLOEXEC)
        _ = fcntl(writing, F_SETFD, FD_CLOEXEC)
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        let child = forkWithoutHandlers()
        if child == 0 {
            childMain(operation, path: path, answer: answer, pipe: writing, signals: &noSignals)
        }
        let failure = errno
        close(writing)
        guard child > 0 else { return .failed(failure) }
        children.insert(child)
        defer { children.reap(child) }
        return decode(answer, count: readAll(reading, into: answer, limit: header + capacity))
    }

    private static func readAll(_ descriptor: Int32, into buffer: UnsafeMutableRawPointer, limit: Int) -> Int {
        var count = 0
        while count < limit {
            let step = read(descriptor, buffer + count, limit - count)
            if step < 0, errno == EINTR { continue }
            if step <= 0 { break }
            count += step
        }
        return count
    }
}

/// What runs in the child. Another thread of the parent may have held any lock at the moment of the fork, also malloc's, and
/// nobody will open it here: so there are only system calls, on memory that the parent prepared.
extension ProbeCall {
    private static func childMain(
        _ operation: Operation, path: UnsafePointer<CChar>, answer: UnsafeMutableRawPointer, pipe: Int32,
        signals: UnsafePointer<sigset_t>
    ) -> Never {
        // A hung child must keep no socket, no lock and no pipe of its parent open.
        dup2(pipe, 0)
        _ = closeRange(1, .max, 0)
        // The parent's handlers mean nothing here, and a hung child should end with its service where the kernel lets it.
        signal(SIGTERM, SIG_DFL)
        signal(SIGINT, SIG_DFL)
        signal(SIGHUP, SIG_DFL)
        signal(SIGPIPE, SIG_DFL)
        sigprocmask(SIG_SETMASK, signals, nil)
        var count = 0
        switch operation {
        case .statistics: count = readStatistics(path, answer)
        case .resolve: count = readResolvedPath(path, answer)
        }
        _ = write(0, answer, count)
        _exit(0)
    }

    private static func readStatistics(_ path: UnsafePointer<CChar>, _ answer: UnsafeMutableRawPointer) -> Int {
        let place = (answer + 8).assumingMemoryBound(to: statvfs.self)
        answer.storeBytes(of: statvfs(path, place) == 0 ? 0 : errno, as: Int32.self)
        return 8 + MemoryLayout<statvfs>.size
    }

    private static func readResolvedPath(_ path: UnsafePointer<CChar>, _ answer: UnsafeMutableRawPointer) -> Int {
        // O_PATH, which Swift's Glibc module does not know. A constant of our own could be initialised at its first use, under
        // a lock: so it stands here. Everything but descriptor 0 is closed, so the result is 1.
        let descriptor = open(path, 0o10_000_000 | O_CLOEXEC)
        guard descriptor >= 0 else {
            answer.storeBytes(of: errno, as: Int32.self)
            return 8
        }
        let count = readlink("/proc/self/fd/1", (answer + 8).assumingMemoryBound(to: CChar.self), 4096)
        answer.storeBytes(of: count < 0 ? errno : 0, as: Int32.self)
        return 8 + max(0, count)
    }
}

/// `_Fork` (glibc 2.34): fork(2) without the handlers of pthread_atfork(3), safe beside other threads as long as the child
/// keeps to async-signal-safe functions. Swift's Glibc module has neither this nor close_range(2); integer arguments and
/// results are passed alike by C and by Swift on every Linux target.
@_silgen_name("_Fork")
private func forkWithoutHandlers() -> pid_t

@_silgen_name("close_range")
private func closeRange(_ first: UInt32, _ last: UInt32, _ flags: Int32) -> Int32
