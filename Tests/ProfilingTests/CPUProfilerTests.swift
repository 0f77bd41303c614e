import Base
import CAres
import CLinux
import Glibc
import Profiling
import Synchronization
import TestKit
import Testing

/// The one workload with a name that the tests look for in the profile.
@inline(never)
func burnProcessorForProfile(until stop: borrowing Atomic<Bool>) -> UInt64 {
    var generator = SeededGenerator(seed: 1)
    var sum: UInt64 = 0
    while !stop.load(ordering: .relaxed) {
        for _ in 0..<1000 { sum &+= generator.next() }
    }
    return sum
}

private final class Stop: Sendable {
    let flag = Atomic(false)
}

/// CPU seconds that this process has used.
private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

// There is one SIGPROF a process: these tests take turns.
@Suite("CPU profiler", .serialized, .timeLimit(.minutes(2)))
struct CPUProfilerTests {
    @Test("a busy function is found by its Swift name, and the signal's handler is put back")
    func findsBusyFunction() async throws {
        let time = ManualTime()
        let stop = Stop()
        let work = Task.detached { burnProcessorForProfile(until: stop.flag) }
        async let profile = CPUProfiler.profile(seconds: 10, hz: 250, time: time)
        await time.waitForSleepers()
        let start = processorSeconds()
        while processorSeconds() < start + 1 { await Task.yield() }
        time.advance(by: .seconds(10))
        let message = try #require(ProtobufReader(try await profile))
        stop.flag.store(true, ordering: .relaxed)
        _ = await work.value
        let strings = message.strings(6)
        #expect(strings.contains { $0.contains("burnProcessorForProfile(until:") }, "\(strings)")
        #expect(message.number(10) == 10_000_000_000)
        #expect(message.messages(2).contains { $0.packed(1).count > 2 }, "no stack has callers")
        var action = sigaction()
        sigaction(SIGPROF, nil, &action)
        #expect(action.__sigaction_handler.sa_handler == nil)
    }

    @Test("a second profile is refused while one runs, and may follow it")
    func oneAtATime() async throws {
        let time = ManualTime()
        async let first = CPUProfiler.profile(seconds: 1, time: time)
        await time.waitForSleepers()
        let error = await #expect(throws: ApusError.self) { try await CPUProfiler.profile(seconds: 1, time: time) }
        #expect(error?.code == "profile-running")
        #expect(error?.canRetry == true)
        time.advance(by: .seconds(1))
        _ = try await first
        async let second = CPUProfiler.profile(seconds: 1, time: time)
        await time.waitForSleepers()
        time.advance(by: .seconds(1))
        #expect(try await !second.isEmpty)
    }

    @Test("a cancelled profile frees the sampler")
    func cancellation() async throws {
        let time = ManualTime()
        let task = Task { try await CPUProfiler.profile(seconds: 100, time: time) }
        await time.waitForSleepers()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(apus_cpu_sampler_start(99, 10) == 0)
        apus_cpu_sampler_stop()
        apus_cpu_sampler_release()
    }

    @Test("values out of range are refused", arguments: [(0, 99), (301, 99), (1, 0), (1, 1001)])
    func ranges(seconds: Int, hz: Int) async {
        let error = await #expect(throws: ApusError.self) { try await CPUProfiler.profile(seconds: seconds, hz: hz) }
        #expect(error?.code == "profile-invalid")
    }

    @Test("samples beyond the storage are counted as dropped")
    func dropped() {
        #expect(apus_cpu_sampler_start(1000, 1) == 0)
        for _ in 0..<5 { raise(SIGPROF) }
        apus_cpu_sampler_stop()
        var count = 0
        var dropped = 0
        _ = apus_cpu_sampler_samples(&count, &dropped)
        apus_cpu_sampler_release()
        #expect(count == 1)
        #expect(dropped >= 4)
    }
}
