import Base
import Resilience
import Settings
import Telemetry

extension Daemon {
    typealias RollbackWaiter = (request: RollbackRequest, continuation: CheckedContinuation<RollbackOutcome, Never>)

    /// More callers do not wait for a rollback at a time; it is answered to them as a refusal.
    static let rollbackWaiterLimit = 64

    /// Requests a rollback; returns when it is made or refused. It is carried out between two reloads, never within one.
    func rollBack(_ request: RollbackRequest) async -> RollbackOutcome {
        guard !isStopping else { return .refused("apus is stopping") }
        guard rollbackWaiters.count < Daemon.rollbackWaiterLimit else { return .refused("too many ask at once") }
        return await withCheckedContinuation { continuation in
            rollbackWaiters.append((request, continuation))
            self.request(.rollbackRequested)
        }
    }

    /// Those that asked at the same time have one after the other their answer; all but the first find it done.
    func carryOutRollback() async {
        let waiters = rollbackWaiters
        rollbackWaiters = []
        for waiter in waiters { waiter.continuation.resume(returning: await rollBackNow(waiter.request)) }
        request(.jobEnded)
    }

    func answerRollbackWaiters(_ outcome: RollbackOutcome) {
        let waiters = rollbackWaiters
        rollbackWaiters = []
        for waiter in waiters { waiter.continuation.resume(returning: outcome) }
    }

    /// A reload of the very file that was taken back would bring the breach back.
    func refuseIfRolledBack(_ file: SettingsFile) throws(ConfigurationRefused) {
        guard let rolledBack = history.rolledBack, history.isRejected(file) else { return }
        let complaint =
            "\(options.file): this file (\(file.hash)) was rolled back at \(rolledBack.at.rfc3339), because "
            + "\(rolledBack.reason.text); change it, if only a comment, or POST /-/reload?force=true"
        throw ConfigurationRefused(complaints: [complaint], isUnreadable: false)
    }

    /// Brings the metric to what holds, after something was taken over.
    func noteRollbackState() {
        failedRollback = nil
        services.recordRolledBack(history.rolledBack != nil)
    }

    private func rollBackNow(_ request: RollbackRequest) async -> RollbackOutcome {
        let target: GenerationHistory.Entry
        do throws(RollbackRefusal) {
            target = try history.target(for: request.source, now: services.time.wallNow())
        } catch {
            RollbackRefused(reason: request.reason, why: error.why).emit(to: services.events)
            return .refused(error.why)
        }
        services.notifier.reloading(now: services.time.now())
        do {
            let changes = try await replaceGeneration(by: target.file, origin: .rollback)
            return succeed(target, request.reason, changes: changes)
        } catch let refused as ConfigurationRefused {
            return fail(request.reason, refused.complaints)
        } catch {
            return fail(request.reason, ["\(error)"])
        }
    }

    private func succeed(
        _ target: GenerationHistory.Entry, _ reason: RollbackReason, changes: [String: String]
    ) -> RollbackOutcome {
        history.putBack(target, generation: generation, reason: reason, at: services.time.wallNow())
        noteRollbackState()
        ConfigurationRolledBack(
            reason: reason, generation: generation, rejected: history.rolledBack?.rejectedHash ?? "",
            restored: target.file.hash, changes: changes
        ).emit(to: services.events)
        services.notifier.ready(
            status: "rolled back to the settings of generation \(target.generation): \(reason.text); \(statusLine)")
        return .rolledBack(to: target.generation)
    }

    private func fail(_ reason: RollbackReason, _ complaints: [String]) -> RollbackOutcome {
        failedRollback = ReloadRecord(at: services.time.wallNow(), complaints: complaints)
        for complaint in complaints { ConfigurationComplaint(complaint: complaint).emit(to: services.events) }
        RollbackFailed(reason: reason, complaints: complaints.count).emit(to: services.events)
        services.notifier.ready(
            status: "rollback failed, the running configuration stays: \(complaints.joined(separator: "; "))")
        return .failed(complaints)
    }
}
