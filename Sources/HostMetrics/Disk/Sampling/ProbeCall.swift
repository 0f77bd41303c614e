import CLinux
import Glibc

/// A system call that may never return, made where it cannot hurt: on a thread of its own and, for file systems that
/// ask a daemon or another machine, in a process of its own.
///
/// Why a process: a thread inside a FUSE request that the daemon has read and does not answer sleeps uninterruptibly.
/// A process with such a thread cannot end, not even by SIGKILL: `apus disk` would never give the prompt back, and a
/// restart of the service would hang. (Seen on Linux 6.18: state `Zl`, the thread in `request_wait_answer`.) The
/// child (`apus_probe_start`) is a bare fork that makes this one call with every other descriptor closed; if it hangs,
/// the parent can still leave.
enum ProbeCall {
    enum Operation: Equatable {
        /// How full the file system of the path is.
        case statistics
        /// The path without symbolic links. Only isolated.
        case resolve
    }

    enum Answer: Equatable {
        case figures(FileSystemFigures)
        case path(RawName)
        case failed(Int32)
        case died
    }

    /// Blocks until the kernel answers: only for a `ProbeThread`.
    static func perform(_ operation: Operation, path: RawName, isolated: Bool, children: ProbeChildren) -> Answer {
        guard !path.bytes.contains(0) else { return .failed(ENOENT) }
        return (path.bytes + [0]).withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { path in
                guard let path = path.baseAddress else { return .failed(ENOENT) }
                if isolated || operation == .resolve { return askInChild(operation, path, children) }
                return askHere(path)
            }
        }
    }

    private static func askHere(_ path: UnsafePointer<CChar>) -> Answer {
        var fileSystem = apus_file_system()
        let code = apus_file_system_read(path, &fileSystem)
        return code == 0 ? .figures(FileSystemFigures(fileSystem)) : .failed(code)
    }

    private static func askInChild(
        _ operation: Operation, _ path: UnsafePointer<CChar>, _ children: ProbeChildren
    ) -> Answer {
        let question = operation == .resolve ? APUS_PROBE_RESOLVE : APUS_PROBE_FILE_SYSTEM
        var child: pid_t = 0
        var answers: Int32 = -1
        let code = apus_probe_start(question, path, &child, &answers)
        guard code == 0 else { return .failed(code) }
        children.insert(child)
        defer {
            close(answers)
            children.reap(child)
        }
        return answer(operation, from: answers)
    }

    private static func answer(_ operation: Operation, from descriptor: Int32) -> Answer {
        var head = apus_probe_answer()
        let isWhole = withUnsafeMutableBytes(of: &head) { readAll(descriptor, into: $0) == $0.count }
        guard isWhole else { return .died }
        guard head.error_number == 0 else { return .failed(head.error_number) }
        guard operation == .resolve else { return .figures(FileSystemFigures(head.file_system)) }
        var path = [UInt8](repeating: 0, count: min(Int(head.path_length), Int(PATH_MAX)))
        let count = path.withUnsafeMutableBytes { readAll(descriptor, into: $0) }
        return count == path.count ? .path(RawName(path)) : .died
    }

    /// - Returns: The number of bytes read; fewer than there is room for only at the end.
    private static func readAll(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var count = 0
        while count < buffer.count {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
            let step = read(descriptor, room.baseAddress, room.count)
            if step < 0, errno == EINTR { continue }
            if step <= 0 { break }
            count += step
        }
        return count
    }
}
