import Base
import Profiling
import Testing

@Suite("memory statistics")
struct MemoryStatisticsTests {
    @Test("figures come from /proc/self/status, in bytes")
    func parses() {
        let status =
            "Name:\tapus\nVmPeak:\t  900 kB\nVmSize:\t  800 kB\nVmHWM:\t  300 kB\nVmRSS:\t  200 kB\nThreads:\t5\n"
        let statistics = MemoryStatistics(status: status, heapUsed: 70, heapFree: 30)
        #expect(
            statistics.text == """
                resident_bytes 204800
                resident_peak_bytes 307200
                virtual_bytes 819200
                heap_used_bytes 70
                heap_free_bytes 30
                threads 5

                """)
    }

    @Test("this process has memory, a heap and a command line")
    func thisProcess() throws {
        let statistics = try MemoryStatistics.ofThisProcess()
        #expect(statistics.resident > ByteCount(0))
        #expect(statistics.heapUsed > ByteCount(0))
        #expect(statistics.threads >= 1)
        #expect(try ProcessCommandLine.nulSeparated().isEmpty == false)
    }
}
