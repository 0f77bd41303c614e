package import Base

/// The command line of this process for `/debug/pprof/cmdline`.
package enum ProcessCommandLine {
    /// The arguments with a NUL between them, as pprof's tools read it.
    package static func nulSeparated() throws(ApusError) -> [UInt8] {
        var bytes = try Files.read("/proc/self/cmdline")
        if bytes.last == 0 { bytes.removeLast() }
        return bytes
    }
}
