import Base
import Resilience
import Testing

@testable import HostMetrics

@Suite struct ReporterTests {
    private var now = MonotonicInstant(nanoseconds: 0)

    private func reporter(attempts: Int = 3, items: Int = 3) -> Reporter {
        Reporter(
            retry: RetryPolicy(
                maxAttempts: attempts, initialBackoff: .seconds(1), maxBackoff: .seconds(60), jitter: .none),
            breaker: CircuitBreakerPolicy(
                slidingWindowSize: 4, minimumNumberOfCalls: 4, waitDurationInOpenState: .seconds(30),
                permittedNumberOfCallsInHalfOpenState: 1),
            maxItems: items, maxBytes: 1000, now: now)
    }

    private func report(_ number: UInt8) -> Report {
        Report(time: WallInstant(secondsSince1970: Int64(number)), body: [number])
    }

    @Test func sendsInOrderAndRests() {
        var reporter = reporter()
        #expect(reporter.next(now: now).action == .idle)
        #expect(reporter.offer(report(1)).isEmpty)
        #expect(reporter.offer(report(2)).isEmpty)
        #expect(reporter.next(now: now).action == .send(report(1)))
        #expect(reporter.answered(.status(204, retryAfter: nil), now: now) == [.sent])
        #expect(reporter.next(now: now).action == .send(report(2)))
        #expect(reporter.answered(.status(200, retryAfter: nil), now: now) == [.sent])
        #expect(reporter.next(now: now).action == .idle)
    }

    @Test func dropsTheOldestAndCounts() {
        var reporter = reporter(items: 2)
        for number in 1...2 { #expect(reporter.offer(report(UInt8(number))).isEmpty) }
        #expect(reporter.offer(report(3)) == [.dropped(.queueFull, count: 1)])
        #expect(reporter.next(now: now).action == .send(report(2)))
        #expect(
            reporter.offer(Report(time: WallInstant(secondsSince1970: 0), body: Array(repeating: 0, count: 1001)))
                == [.dropped(.queueFull, count: 1)])
    }

    @Test(arguments: [500, 502, 503, 504]) func triesAgainWithBackoffThenGivesUp(status: Int) {
        var reporter = reporter(attempts: 3)
        var now = now
        _ = reporter.offer(report(1))
        for delay in [1, 2] {
            #expect(reporter.next(now: now).action == .send(report(1)))
            let notes = reporter.answered(.status(status, retryAfter: nil), now: now)
            #expect(notes == [.retrying(attempt: delay, after: .seconds(delay))])
            let due = now.advanced(by: .seconds(delay))
            #expect(reporter.next(now: now).action == .wait(until: due))
            now = due
        }
        #expect(reporter.next(now: now).action == .send(report(1)))
        #expect(reporter.answered(.failed(canRetry: true), now: now) == [.dropped(.retriesExhausted, count: 1)])
        #expect(reporter.next(now: now).action == .idle)
    }

    @Test(arguments: [429, 503]) func honoursRetryAfter(status: Int) {
        var reporter = reporter()
        _ = reporter.offer(report(1))
        _ = reporter.next(now: now)
        _ = reporter.answered(.status(status, retryAfter: .seconds(17)), now: now)
        #expect(reporter.next(now: now).action == .wait(until: now.advanced(by: .seconds(17))))
    }

    @Test(arguments: [301, 400, 401, 404, 413, 422]) func neverRepeatsWhatWasRefused(status: Int) {
        var reporter = reporter()
        _ = reporter.offer(report(1))
        _ = reporter.next(now: now)
        #expect(reporter.answered(.status(status, retryAfter: nil), now: now) == [.dropped(.refused, count: 1)])
        #expect(reporter.next(now: now).action == .idle)
    }

    @Test func theBreakerLeavesADeadReceiverAlone() {
        var reporter = reporter(attempts: 100)
        var now = now
        _ = reporter.offer(report(1))
        var notes: [Reporter.Note] = []
        for _ in 0..<4 {
            guard case .send = reporter.next(now: now).action else { return #expect(Bool(false), "nothing to send") }
            notes = reporter.answered(.failed(canRetry: true), now: now)
            now = now.advanced(by: .seconds(8))
        }
        #expect(notes.first == .breaker(from: .closed, to: .open))
        let opened = now.advanced(by: .seconds(-8))
        #expect(reporter.next(now: now).action == .wait(until: opened.advanced(by: .seconds(30))))
        now = opened.advanced(by: .seconds(30))
        #expect(reporter.next(now: now).action == .send(report(1)))
        #expect(reporter.answered(.status(200, retryAfter: nil), now: now).contains(.sent))
        #expect(reporter.breakerState == .closed)
    }

    @Test func drainingSendsWithoutWaitingAndEndsAtTheFirstFailure() {
        var reporter = reporter()
        for number in 1...3 { _ = reporter.offer(report(UInt8(number))) }
        _ = reporter.next(now: now)
        _ = reporter.answered(.status(503, retryAfter: .seconds(100)), now: now)
        reporter.drain()
        #expect(reporter.next(now: now).action == .send(report(1)))
        #expect(reporter.answered(.status(200, retryAfter: nil), now: now) == [.sent])
        #expect(reporter.next(now: now).action == .send(report(2)))
        #expect(reporter.answered(.failed(canRetry: true), now: now) == [.dropped(.drained, count: 2)])
        #expect(reporter.next(now: now).action == .finished)
    }

    @Test func aReloadPassesOnWhatIsNotUnderWay() {
        var old = reporter()
        for number in 1...3 { _ = old.offer(report(UInt8(number))) }
        #expect(old.next(now: now).action == .send(report(1)))
        let remainder = old.handOver()
        #expect(remainder.reports == [report(2), report(3)])
        #expect(old.waiting == 1)
        #expect(old.answered(.status(200, retryAfter: nil), now: now) == [.sent])

        var new = reporter(items: 2)
        _ = new.offer(report(4))
        #expect(new.adopt(remainder, now: now) == [.dropped(.queueFull, count: 1)])
        #expect(new.next(now: now).action == .send(report(3)))
        _ = new.answered(.status(200, retryAfter: nil), now: now)
        #expect(new.next(now: now).action == .send(report(4)))
    }

    @Test func whatWasUnderWayAtTheHandOverComesBackWhenItFails() {
        var old = reporter()
        for number in 1...2 { _ = old.offer(report(UInt8(number))) }
        #expect(old.next(now: now).action == .send(report(1)))
        var new = reporter()
        #expect(new.adopt(old.handOver(), now: now).isEmpty)
        old.drain()
        #expect(old.answered(.failed(canRetry: true), now: now).isEmpty)
        #expect(old.next(now: now).action == .finished)
        #expect(new.next(now: now).action == .send(report(1)))
        _ = new.answered(.status(200, retryAfter: nil), now: now)
        #expect(new.next(now: now).action == .send(report(2)))
    }

    @Test func whatComesBackReachesTheSuccessorOfTheSuccessor() {
        var first = reporter()
        _ = first.offer(report(1))
        #expect(first.next(now: now).action == .send(report(1)))
        var second = reporter()
        _ = second.adopt(first.handOver(), now: now)
        var third = reporter()
        _ = third.adopt(second.handOver(), now: now)
        #expect(first.answered(.cancelled, now: now).isEmpty)
        #expect(third.next(now: now).action == .send(report(1)))
    }

    @Test func whatArrivedIsNotSentTwice() {
        var old = reporter()
        _ = old.offer(report(1))
        #expect(old.next(now: now).action == .send(report(1)))
        var new = reporter()
        _ = new.adopt(old.handOver(), now: now)
        #expect(old.answered(.status(200, retryAfter: nil), now: now) == [.sent])
        #expect(new.next(now: now).action == .idle)
    }
}
