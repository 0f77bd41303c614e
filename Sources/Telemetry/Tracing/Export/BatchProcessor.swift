package import Base

/// OpenTelemetry's batching rules as a state machine: items gather in a bounded queue and leave in batches, in order, when a
/// batch is full or the scheduled delay has passed, one batch at a time.
///
/// Always true: the queue never holds more than `queueLimit` items; between `.export` and `.exported` no further
/// `.export` comes; each item that was taken in is exported once, or counted by `.abandoned`.
package struct BatchProcessor<Item: Sendable>: Sendable {
    package enum Event: Sendable {
        /// A span has ended.
        case ended(Item)
        /// The worker asks what to do next.
        case poll
        /// The batch of the last `.export` is done with, well or badly.
        case exported
        /// Take nothing more; export what is there, without any delay, until the deadline.
        case shutdown(deadline: MonotonicInstant)
        /// The deadline of the shutdown has passed: give up what is left, the batch under way with it.
        case abandon
    }

    package enum Action: Sendable {
        case none
        /// The worker that waits must poll again.
        case wake
        /// The item is lost; count it.
        case drop(SpanDropReason)
        /// Send this batch by the deadline, then report `.exported`.
        case export([Item], deadline: MonotonicInstant)
        /// Poll at that time, or when woken; nil: only when woken.
        case wait(until: MonotonicInstant?)
        /// Everything is sent and nothing more comes.
        case finished
        /// So many items are lost.
        case abandoned(Int)
    }

    private var limits: BatchLimits
    private var queue: [Item] = []
    private var inFlightCount = 0
    /// When the items that wait now are to leave although they fill no batch.
    private var dueAt: MonotonicInstant?
    private var stopDeadline: MonotonicInstant?

    package init(_ limits: BatchLimits) {
        self.limits = limits
        self.limits.batchLimit = min(limits.batchLimit, limits.queueLimit)
    }

    /// Items that wait now, at most `queueLimit`.
    package var queuedCount: Int { queue.count }

    package mutating func handle(_ event: Event, at now: MonotonicInstant) -> Action {
        switch event {
        case .ended(let item): return take(item, at: now)
        case .poll: return next(at: now)
        case .exported:
            inFlightCount = 0
            dueAt = queue.isEmpty ? nil : now.advanced(by: limits.scheduledDelay)
            return .none
        case .shutdown(let deadline):
            stopDeadline = deadline
            return .wake
        case .abandon:
            defer { (queue, inFlightCount) = ([], 0) }
            return .abandoned(queue.count + inFlightCount)
        }
    }

    private mutating func take(_ item: Item, at now: MonotonicInstant) -> Action {
        guard stopDeadline == nil else { return .drop(.shutdown) }
        guard queue.count < limits.queueLimit else { return .drop(.queueFull) }
        queue.append(item)
        if queue.count == 1 { dueAt = now.advanced(by: limits.scheduledDelay) }
        let changesPlan = queue.count == 1 || queue.count == limits.batchLimit
        return changesPlan && inFlightCount == 0 ? .wake : .none
    }

    private mutating func next(at now: MonotonicInstant) -> Action {
        if inFlightCount > 0 { return .wait(until: nil) }
        if queue.isEmpty { return stopDeadline == nil ? .wait(until: nil) : .finished }
        let isDue = queue.count >= limits.batchLimit || stopDeadline != nil || dueAt.map { $0 <= now } ?? true
        guard isDue else { return .wait(until: dueAt) }
        let batch = Array(queue.prefix(limits.batchLimit))
        queue.removeFirst(batch.count)
        inFlightCount = batch.count
        let deadline = now.advanced(by: limits.exportTimeout)
        return .export(batch, deadline: stopDeadline.map { min($0, deadline) } ?? deadline)
    }
}

/// `OTEL_BSP_*`, with the defaults of the specification.
package struct BatchLimits: Hashable, Sendable {
    /// How long a span may wait for its batch to fill.
    package var scheduledDelay: Duration = .seconds(5)
    /// Bounds one export with all its retries.
    package var exportTimeout: Duration = .seconds(30)
    package var queueLimit = 2048
    /// At most `queueLimit`.
    package var batchLimit = 512

    package init() {}
}
