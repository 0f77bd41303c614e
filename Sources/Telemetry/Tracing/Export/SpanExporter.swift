package import Base
import Synchronization

/// Performs what `BatchProcessor` decides: takes ended spans from any thread, sends batches to an OTLP receiver.
///
/// `run()` works until its task is cancelled and then flushes, for `flushTimeout` at most; a span that ends later, and what
/// could not be sent, is dropped and counted. At a reload the back end is first pointed at the new exporter, then
/// this one is cancelled.
package final class SpanExporter: SpanSink {
    private let client: OTLPClient
    private let time: any TimeSource
    private let observer: any TracingObserver
    private let flushTimeout: Duration
    private let processor: Mutex<BatchProcessor<FinishedSpan>>
    private let work = WakeSignal()
    private let stop = WakeSignal()
    private let hasRun = Atomic(false)

    package init(
        client: OTLPClient, limits: BatchLimits = BatchLimits(), flushTimeout: Duration = .seconds(5),
        time: any TimeSource, observer: any TracingObserver = SilentTracingObserver()
    ) {
        self.client = client
        self.time = time
        self.observer = observer
        self.flushTimeout = flushTimeout
        processor = Mutex(BatchProcessor(limits))
    }

    /// Spans that wait to be sent, for the console.
    package var queuedCount: Int { processor.withLock { $0.queuedCount } }

    package func submit(_ span: FinishedSpan) {
        switch handle(.ended(span)) {
        case .wake: work.signal()
        case .drop(let reason): observer.observe(.dropped(spans: 1, reason: reason))
        default: break
        }
    }

    /// Runs once. Returns after the task was cancelled and the flush has ended.
    package func run() async {
        precondition(!hasRun.exchange(true, ordering: .relaxed), "an exporter runs once")
        // Detached, so that a cancellation begins the flush and does not break off the request that is under way.
        let worker = Task.detached { [self] in
            await withTaskGroup { group in
                group.addTask { await self.exportUntilFinished() }
                group.addTask { await self.waitForFlushDeadline() }
                await group.next()
                group.cancelAll()
            }
            reportAbandoned()
        }
        await withTaskCancellationHandler {
            await worker.value
        } onCancel: {
            _ = handle(.shutdown(deadline: time.now().advanced(by: flushTimeout)))
            work.signal()
            stop.signal()
        }
    }

    private func exportUntilFinished() async {
        while !Task.isCancelled {
            switch handle(.poll) {
            case .export(let batch, let deadline):
                // Cancelled: the flush deadline has passed, and `reportAbandoned` counts this batch with the rest.
                guard let outcome = await client.export(batch, deadline: deadline, observer: observer) else { return }
                _ = handle(.exported)
                report(outcome, of: batch.count)
            case .wait(let until): await waitForWork(until: until)
            default: return
            }
        }
    }

    private func waitForWork(until deadline: MonotonicInstant?) async {
        guard let deadline else { return await work.wait() }
        await withTaskGroup { group in
            group.addTask { await self.work.wait() }
            group.addTask { try? await self.time.sleep(until: deadline) }
            await group.next()
            group.cancelAll()
        }
    }

    private func waitForFlushDeadline() async {
        await stop.wait()
        try? await time.sleep(for: flushTimeout)
    }

    private func reportAbandoned() {
        if case .abandoned(let count) = handle(.abandon), count > 0 {
            observer.observe(.dropped(spans: count, reason: .shutdown))
        }
    }

    private func report(_ outcome: OTLPClient.Outcome, of count: Int) {
        switch outcome {
        case .accepted(let rejected):
            let rejected = min(rejected, count)
            if count > rejected { observer.observe(.exported(spans: count - rejected)) }
            if rejected > 0 { observer.observe(.dropped(spans: rejected, reason: .rejected)) }
        case .failed(let error, let attempts):
            observer.observe(.exportFailed(error: error, attempts: attempts))
            observer.observe(.dropped(spans: count, reason: .exportFailed))
        }
    }

    private func handle(_ event: BatchProcessor<FinishedSpan>.Event) -> BatchProcessor<FinishedSpan>.Action {
        let now = time.now()
        return processor.withLock { $0.handle(event, at: now) }
    }
}
