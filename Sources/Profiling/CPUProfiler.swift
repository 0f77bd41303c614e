// CPU profiles of this process in pprof's format, for `/debug/pprof/profile`.
//
// SIGPROF interrupts a running thread `hz` times per second of CPU time; the handler (CLinux) keeps the stack. When the
// time is over, stacks are counted, named from the executable's own symbol table and encoded as profile.proto. Works in
// the static binary as long as it keeps its symbols (`strip --strip-debug` does, plain `strip` does not). Cost: about
// 10 microseconds a sample, nothing between profiles; naming reads the symbol table once a profile.
//
// Bounds: one profile at a time, `maximumSeconds`, `maximumSamples` (34 MiB of memory, touched as samples come), stacks
// of 64 frames. Samples beyond the bound are counted in a comment of the profile.

package import Base
private import CLinux
private import Glibc

/// Takes CPU profiles. There is one sampler a process, since there is one SIGPROF.
package enum CPUProfiler {
    /// The longest profile that may be asked for.
    package static let maximumSeconds = 300
    /// The most samples that one profile holds.
    package static let maximumSamples = 65_536

    /// Samples all threads for `seconds` and returns the profile as uncompressed profile.proto bytes.
    ///
    /// A frequency that is no divisor of common timer rates (99, not 100) does not march in step with periodic work.
    ///
    /// - Throws: `ApusError` `profile-running` (retry later) when a profile is being taken, `profile-invalid` for a
    ///   duration outside 1…300 s or a frequency outside 1…1000; `CancellationError`, with the sampler stopped.
    package static func profile(
        seconds: Int, hz: Int = 99, time: any TimeSource = SystemTime()
    ) async throws -> [UInt8] {
        guard (1...maximumSeconds).contains(seconds), (1...1000).contains(hz) else {
            throw ApusError(
                code: "profile-invalid",
                "a profile takes 1 to \(maximumSeconds) seconds at 1 to 1000 samples a second", kind: .usage)
        }
        let start = (wall: time.wallNow(), monotonic: time.now())
        try startSampler(seconds: seconds, hz: hz)
        let recording: Recording
        do {
            try await time.sleep(for: .seconds(seconds))
            apus_cpu_sampler_stop()
            recording = collect()
            apus_cpu_sampler_release()
        } catch {
            apus_cpu_sampler_stop()
            apus_cpu_sampler_release()
            throw error
        }
        let addresses = Set(recording.stacks.keys.flatMap { $0 })
        let names = Symboliser.name(addresses, mappings: try MemoryMapping.ofThisProcess())
        let profile = PprofProfile(
            stacks: recording.stacks, symbols: names,
            period: .nanoseconds(1_000_000_000 / Int64(hz)), start: start.wall,
            duration: start.monotonic.duration(to: time.now()),
            comments: comments(hz: hz, dropped: recording.dropped))
        return profile.encoded()
    }

    /// The distinct stacks, innermost frame first, with how often each was seen.
    private struct Recording {
        var stacks: [[UInt64]: Int] = [:]
        var dropped = 0
    }

    private static func startSampler(seconds: Int, hz: Int) throws(ApusError) {
        let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let capacity = min(maximumSamples, (seconds + 1) * hz * processors)
        let reason = apus_cpu_sampler_start(UInt32(hz), capacity)
        if reason == EBUSY {
            throw ApusError(code: "profile-running", "a CPU profile is being taken already", canRetry: true)
        }
        guard reason == 0 else {
            throw ApusError(code: "profile-failed", "cannot sample the CPU: \(Files.reason(reason))")
        }
    }

    private static func collect() -> Recording {
        var recording = Recording()
        var count = 0
        guard let samples = apus_cpu_sampler_samples(&count, &recording.dropped) else { return recording }
        for sample in UnsafeBufferPointer(start: samples, count: count) {
            let stack = withUnsafeBytes(of: sample.frames) { frames in
                frames.bindMemory(to: UInt.self).prefix(Int(sample.depth)).map { UInt64($0) }
            }
            // Return addresses point behind their call: one less lies in it. The innermost frame is exact.
            let calls = stack.enumerated().map { $0.offset == 0 ? $0.element : $0.element - 1 }
            recording.stacks[calls, default: 0] += 1
        }
        return recording
    }

    private static func comments(hz: Int, dropped: Int) -> [String] {
        var comments = ["\(Version.name) \(Version.number), \(hz) Hz of CPU time"]
        if dropped > 0 { comments.append("\(dropped) samples dropped: a profile holds \(maximumSamples) at most") }
        return comments
    }
}
