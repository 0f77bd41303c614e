package import Base
import Glibc

/// What `apus disk` does, without what it prints: choose the mounts, ask them, judge the answers.
package struct DiskListing: Sendable {
    package var paths: [String] = []
    package var selection = MountSelection()
    package var timeout: Duration = .seconds(5)
    package var limits = UsageLimits()

    private let time: any TimeSource
    private let sampler: DiskSampler

    package init(time: any TimeSource = SystemTime()) {
        self.time = time
        sampler = DiskSampler(time: time)
    }

    /// What is to be asked, and which paths could not be followed: the other ones are still shown, as `df` does.
    package struct Plan: Sendable {
        package let table: MountTable
        package let mounts: [Mount]
        package let failures: [(path: String, error: SampleError)]
    }

    /// - Throws: `ApusError` when the table of mounts cannot be read.
    package func plan() async throws -> Plan {
        let table = try MountTable.readOwn()
        guard !paths.isEmpty else {
            return Plan(table: table, mounts: selection.mounts(of: table), failures: [])
        }
        var mounts: [Mount] = []
        var failures: [(path: String, error: SampleError)] = []
        for path in paths {
            do throws(SampleError) {
                let resolved = try await PathResolver(time: time).resolve(path, timeout: timeout)
                guard let mount = PathResolver.mount(of: resolved, in: table) else { throw .system(ENOENT) }
                mounts.append(mount)
            } catch {
                failures.append((path, error))
            }
        }
        return Plan(table: table, mounts: mounts, failures: failures)
    }

    /// Asks all mounts of the plan and gives each sample as soon as it is there, with whether it is to be shown.
    ///
    /// - Returns: Those to be shown, in the order of the plan.
    package func run(_ plan: Plan, each: (MountSample, _ isShown: Bool) async -> Void = { _, _ in }) async
        -> [MountSample]
    {
        // Two paths on one file system are two rows, as in `df`, and one question.
        var rows: [MountIdentity: Int] = [:]
        for mount in plan.mounts { rows[mount.identity, default: 0] += 1 }
        var asked: Set<MountIdentity> = []
        let mounts = plan.mounts.filter { asked.insert($0.identity).inserted }
        let samples = await sampler.sample(mounts, of: plan.table, timeout: timeout) { sample in
            for _ in 0..<rows[sample.mount.identity, default: 1] { await each(sample, shows(sample)) }
        }
        sampler.abandon()
        let answers = Dictionary(samples.map { ($0.mount.identity, $0) }, uniquingKeysWith: { first, _ in first })
        return plan.mounts.compactMap { answers[$0.identity] }.filter(shows)
    }

    /// As `df`: of a listing of everything, file systems without blocks are left out, and those that cannot be
    /// entered or are gone meanwhile. What the user named is shown.
    private func shows(_ sample: MountSample) -> Bool {
        if selection.includesAll || !paths.isEmpty { return true }
        switch sample.outcome {
        case .figures(let figures): return figures.blocks > 0
        case .failed(.system(EACCES)), .failed(.system(ENOENT)), .skipped: return false
        case .failed: return true
        }
    }

    /// What the exit code follows from.
    package enum Verdict: Sendable, Equatable {
        case fine
        /// A path or a mount without figures.
        case incomplete
        /// At or past the limit `fail`, whatever else there was.
        case pastFail
    }

    package func verdict(_ samples: [MountSample], failures: Int) -> Verdict {
        if samples.contains(where: { limits.level($0) == .critical }) { return .pastFail }
        let unanswered = samples.contains { $0.error != nil && $0.error != .overMounted }
        return unanswered || failures > 0 ? .incomplete : .fine
    }
}
