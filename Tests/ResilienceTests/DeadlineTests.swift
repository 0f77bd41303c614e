import Base
import Resilience
import TestKit
import Testing

@Suite struct DeadlineTests {
    private let start = MonotonicInstant(nanoseconds: 1_000)

    @Test func isPastExactlyWhenNothingRemains() {
        let deadline = Deadline(after: .nanoseconds(10), from: start)
        let before = start.advanced(by: .nanoseconds(9))
        let at = start.advanced(by: .nanoseconds(10))
        #expect(!deadline.isPast(now: before) && deadline.remaining(now: before) == .nanoseconds(1))
        #expect(deadline.isPast(now: at) && deadline.remaining(now: at) == .zero)
        #expect(deadline.remaining(now: at.advanced(by: .seconds(1))) == .zero)
    }

    @Test func neverIsAfterEveryOther() {
        let end = MonotonicInstant(nanoseconds: .max)
        #expect(!Deadline.never.isPast(now: end))
        #expect(Deadline(after: .seconds(1 << 40), from: start) == .never)
        let near = Deadline(after: .seconds(1), from: start)
        #expect(Deadline.earlier(.never, near) == near && min(near, .never) == near)
    }

    @Test func aNegativeTimeoutIsPastAtOnce() {
        #expect(Deadline(after: .seconds(-1), from: start).isPast(now: start))
    }
}

@Suite(.timeLimit(.minutes(1))) struct TimeoutTests {
    @Test func returnsTheResultInTime() async throws {
        let time = ManualTime()
        #expect(try await withTimeout(.seconds(1), time: time) { 42 } == 42)
    }

    @Test func passesOnTheOperationsError() async {
        struct Broken: Error {}
        await #expect(throws: Broken.self) {
            try await withTimeout(.seconds(1), time: ManualTime()) { throw Broken() }
        }
    }

    @Test func cancelsTheOperationAtTheTimeout() async throws {
        let time = ManualTime()
        let cancelled = Flag()
        let call = Task {
            try await withTimeout(.seconds(5), time: time) {
                do { try await time.sleep(for: .seconds(60)) } catch { cancelled.raise() }
            }
        }
        await time.waitForSleepers(2)
        time.advance(by: .seconds(5))
        let error = await #expect(throws: ApusError.self) { try await call.value }
        #expect(error?.code == "timed-out" && error?.canRetry == true)
        await cancelled.wait()
    }

    @Test func returnsAlthoughTheOperationIgnoresCancellation() async throws {
        let time = ManualTime()
        let release = Flag()
        let ended = Flag()
        let call = Task {
            try await withTimeout(.seconds(5), time: time) {
                await release.wait()
                ended.raise()
            }
        }
        await time.waitForSleepers()
        time.advance(by: .seconds(5))
        await #expect(throws: ApusError.self) { try await call.value }
        #expect(!ended.isRaised)
        release.raise()
        await ended.wait()
    }

    @Test func theCallersCancellationReachesTheOperation() async {
        let time = ManualTime()
        let call = Task {
            try await withTimeout(.seconds(5), time: time) { try await time.sleep(for: .seconds(60)) }
        }
        await time.waitForSleepers(2)
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
        while time.sleeperCount > 0 { await Task.yield() }
    }

    @Test func aDeadlineThatIsPastStartsNothing() async {
        let time = ManualTime()
        let started = Flag()
        await #expect(throws: ApusError.self) {
            try await withDeadline(Deadline(time.now()), time: time) { started.raise() }
        }
        #expect(!started.isRaised)
    }
}
