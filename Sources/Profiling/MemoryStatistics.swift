package import Base
private import CLinux

/// What memory this process holds, as the kernel and the allocator see it. Cheap: one small file and one call.
///
/// `used` against `resident` tells a leak (used grows) from fragmentation (resident grows, used does not).
package struct MemoryStatistics: Sendable, Equatable {
    /// Pages in memory now (VmRSS) and at most so far (VmHWM).
    package var resident: ByteCount
    package var peakResident: ByteCount
    /// Address space (VmSize).
    package var virtual: ByteCount
    /// Allocated and not freed, including large blocks that are mapped on their own.
    package var heapUsed: ByteCount
    /// Freed, but kept by the allocator.
    package var heapFree: ByteCount
    package var threads: Int

    package static func ofThisProcess() throws(ApusError) -> MemoryStatistics {
        let status = String(decoding: try Files.read("/proc/self/status"), as: UTF8.self)
        return MemoryStatistics(status: status, heap: apus_heap_read())
    }

    private init(status: String, heap: apus_heap_summary) {
        self.init(status: status, heapUsed: Int64(heap.used_bytes), heapFree: Int64(heap.free_bytes))
    }

    /// Lines of proc_pid_status(5) that are missing or not understood count as zero.
    package init(status: String, heapUsed: Int64, heapFree: Int64) {
        var values: [Substring: Int64] = [:]
        for line in status.split(separator: "\n") {
            let fields = line.split { $0 == " " || $0 == "\t" || $0 == ":" }
            if fields.count >= 2, let value = Int64(fields[1]), value >= 0 { values[fields[0]] = value }
        }
        resident = .kibibytes(values["VmRSS"] ?? 0)
        peakResident = .kibibytes(values["VmHWM"] ?? 0)
        virtual = .kibibytes(values["VmSize"] ?? 0)
        self.heapUsed = ByteCount(max(0, heapUsed))
        self.heapFree = ByteCount(max(0, heapFree))
        threads = Int(values["Threads"] ?? 0)
    }

    /// One `name value` a line, in bytes, for `/debug/pprof/heap`: what pprof calls a heap profile needs an allocator that
    /// samples, which glibc's is not.
    package var text: String {
        """
        resident_bytes \(resident.bytes)
        resident_peak_bytes \(peakResident.bytes)
        virtual_bytes \(virtual.bytes)
        heap_used_bytes \(heapUsed.bytes)
        heap_free_bytes \(heapFree.bytes)
        threads \(threads)

        """
    }
}
