import Glibc

/// Descriptors 0, 1 and 2 as a program may expect them.
enum StandardStreams {
    /// Opens /dev/null in place of those that the caller closed: a socket that got such a number would receive our output.
    static func ensureOpen() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) == -1 {
            // The lowest free number is the one that is missing.
            open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY)
        }
    }
}

/// How many files this process may have open.
enum OpenFileLimit {
    /// Raises the soft limit to the hard one, as servers do; a failure leaves what there is.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
    }
}
