package import Base

/// At most `maxConcurrent` calls at a time, and behind them at most `maxWaiting` that wait, first come first served, for
/// at most `maxWait`. A value without clock or lock: the owner parks and wakes the waiters by their tickets.
///
/// Always: nobody waits while a place is free, since a place that comes free goes to the oldest waiter within `release`.
/// O(1) per call; all storage is allocated once.
package struct Bulkhead: Sendable {
    /// One waiter. It is spent when it was admitted, has expired or was cancelled.
    package struct Ticket: Hashable, Sendable {
        let slot: Int32
        let serial: UInt32
    }

    package enum Admission: Hashable, Sendable {
        /// Go on, and `release` at the end.
        case admitted
        /// Wait until `release` or `expire` names this ticket, or `cancel` it.
        case queued(Ticket)
        /// No place, and no room to wait.
        case rejected
    }

    private struct Slot: Sendable {
        var serial: UInt32 = 0
        var isWaiting = false
        var deadline = MonotonicInstant(nanoseconds: 0)
        var previous: Int32 = -1
        var next: Int32 = -1
    }

    package let maxConcurrent: Int
    package let maxWait: Duration
    /// Calls that hold a place.
    package private(set) var active = 0
    package private(set) var waiting = 0
    package private(set) var rejected: UInt64 = 0
    package private(set) var expired: UInt64 = 0
    private var slots: [Slot]
    private var free: [Int32]
    private var head: Int32 = -1
    private var tail: Int32 = -1

    /// `maxConcurrent` at least 1; `maxWaiting` 0 … 1 000 000, 32 bytes each; values outside are clamped.
    package init(maxConcurrent: Int, maxWaiting: Int, maxWait: Duration) {
        self.maxConcurrent = max(1, maxConcurrent)
        self.maxWait = max(.zero, maxWait)
        let places = min(max(0, maxWaiting), 1_000_000)
        slots = [Slot](repeating: Slot(), count: places)
        free = (0..<Int32(places)).reversed()
    }

    package mutating func acquire(now: MonotonicInstant) -> Admission {
        if active < maxConcurrent {
            active += 1
            return .admitted
        }
        guard maxWait > .zero, let slot = free.popLast() else {
            rejected &+= 1
            return .rejected
        }
        return .queued(enqueue(slot, deadline: now.advanced(by: maxWait)))
    }

    /// A call that held a place has ended. The ticket returned now holds that place; nil means that the place is free.
    ///
    /// A waiter past its deadline that `expire` has not named yet is still admitted: a place serves it better than an error.
    package mutating func release() -> Ticket? {
        precondition(active > 0, "a place was released that nobody held")
        guard head >= 0 else {
            active -= 1
            return nil
        }
        return remove(head)
    }

    /// One waiter whose time is over at `now`, oldest first; call it again until nil.
    package mutating func expire(now: MonotonicInstant) -> Ticket? {
        guard head >= 0, now >= slots[Int(head)].deadline else { return nil }
        expired &+= 1
        return remove(head)
    }

    /// The waiter went away. False when its ticket is spent; if it was admitted meanwhile, the place must be released.
    package mutating func cancel(_ ticket: Ticket) -> Bool {
        let index = Int(ticket.slot)
        guard slots.indices.contains(index), slots[index].isWaiting, slots[index].serial == ticket.serial else {
            return false
        }
        _ = remove(ticket.slot)
        return true
    }

    /// When `expire` next names somebody.
    package var nextExpiry: MonotonicInstant? {
        head >= 0 ? slots[Int(head)].deadline : nil
    }

    private mutating func enqueue(_ slot: Int32, deadline: MonotonicInstant) -> Ticket {
        let index = Int(slot)
        slots[index].serial &+= 1
        slots[index].isWaiting = true
        slots[index].deadline = deadline
        slots[index].previous = tail
        slots[index].next = -1
        if tail >= 0 { slots[Int(tail)].next = slot } else { head = slot }
        tail = slot
        waiting += 1
        return Ticket(slot: slot, serial: slots[index].serial)
    }

    private mutating func remove(_ slot: Int32) -> Ticket {
        let gone = slots[Int(slot)]
        if gone.previous >= 0 { slots[Int(gone.previous)].next = gone.next } else { head = gone.next }
        if gone.next >= 0 { slots[Int(gone.next)].previous = gone.previous } else { tail = gone.previous }
        slots[Int(slot)].isWaiting = false
        free.append(slot)
        waiting -= 1
        return Ticket(slot: slot, serial: gone.serial)
    }
}
