import Base
import Resilience
import Synchronization
import Telemetry
import Tracing

extension DiskComponent {
    func postUntilDrained() async throws {
        guard let sender else { return }
        var signals = wakes.makeAsyncIterator()
        while true {
            try Task.checkCancellation()
            let isDraining = samplingEnded.isOpen
            let now = time.now()
            let (action, notes) = state.withLock { state in
                if isDraining { state.reporter?.drain() }
                let step = state.reporter?.next(now: now) ?? (.finished, [])
                state.count(step.notes)
                return step
            }
            emit(notes, detail: "the receiver is away")
            switch action {
            case .finished: return
            case .idle: _ = await signals.next()
            case .wait(let until): _ = try await time.sleep(until: until, orOpen: samplingEnded)
            case .send(let report): await post(report, with: sender)
            }
        }
    }

    private func post(_ report: Report, with sender: ReportSender) async {
        let attempt = state.withLock { $0.reporter?.attemptNumber }
        let result = await withSpan("disk report", ofKind: .internal) { span in
            let result = await sender.send(report)
            if span.isRecording { DiskComponent.describe(result, attempt: attempt ?? 1, in: span) }
            return result
        }
        let now = time.now()
        let notes = state.withLock { state in
            let notes = state.reporter?.answered(result.answer, now: now) ?? []
            state.count(notes)
            return notes
        }
        emit(notes, detail: result.failure ?? "")
    }

    private static func describe(_ result: ReportSender.Result, attempt: Int, in span: any Span) {
        span.attributes["attempt"] = attempt
        if case .status(let status, _) = result.answer { span.attributes["http.response.status_code"] = status }
        guard let type = result.errorType else { return }
        span.attributes["error.type"] = type
        span.setStatus(SpanStatus(code: .error))
    }

    func emit(_ notes: [Reporter.Note], detail: String) {
        for note in notes {
            switch note {
            case .sent: DiskReportSent().emit(to: events)
            case .retrying(let attempt, let delay):
                DiskReportRetried(attempt: attempt, delay: delay, reason: detail).emit(to: events)
            case .dropped(let reason, let count):
                DiskReportDropped(reason: reason, count: count, detail: detail).emit(to: events)
            case .breaker(let from, let to): ReportBreakerChanged(from: from, to: to).emit(to: events)
            }
        }
    }
}
