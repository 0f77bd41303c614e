package import Base
import CLinux
import Glibc
import Synchronization

/// One epoll loop on one thread: sources and their readiness, deadlines, parked connections, and jobs that other threads
/// post. Everything but `post` and `stop` is confined to the thread that calls `run`.
///
/// Per wake-up: one `epoll_wait` for up to 512 events and one reading of the clock. A descriptor costs one `epoll_ctl`
/// when it is added and none afterwards, as readiness is edge-triggered and closing removes it.
package final class Reactor {
    /// What the owner of parked connections does.
    package protocol ParkingOwner: AnyObject {
        /// A parked connection has something to read: returns the source that goes on with it.
        func unpark(_ connection: ParkedConnection, descriptor: Int32) -> EventSource
        /// A parked connection was closed for its age.
        func parkedClosed(_ connection: ParkedConnection)
    }

    private static let eventsPerWait = 512
    private let epoll: Int32
    private let wakeUp: Int32
    private var slots = SlotTable()
    private var timers = TimerHeap()
    private var armedCount = 0
    private let events: UnsafeMutablePointer<epoll_event>
    private let mailbox: Mailbox
    private var yielded: [EventSource] = []
    /// It owns the reactor. Not weak: an object with weak references counts all references the slow way.
    package unowned(unsafe) var parkingOwner: (any ParkingOwner)?
    /// The time of this wake-up.
    package private(set) var now: MonotonicInstant
    /// Called at the end of each wake-up, before the wait.
    package var afterEvents: (() -> Void)?

    /// - Throws: `ApusError` `reactor-failed` when the kernel gives no epoll descriptor.
    package init() throws(ApusError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw Files.failure("reactor-failed", "cannot make an epoll descriptor") }
        wakeUp = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard wakeUp >= 0 else {
            Glibc.close(epoll)
            throw Files.failure("reactor-failed", "cannot make an eventfd")
        }
        events = .allocate(capacity: Reactor.eventsPerWait)
        mailbox = Mailbox(descriptor: wakeUp)
        now = SystemTime().now()
        var event = epoll_event(events: Readiness.readable.rawValue, data: epoll_data_t(u64: UInt64.max))
        epoll_ctl(epoll, EPOLL_CTL_ADD, wakeUp, &event)
    }

    deinit {
        mailbox.close()
        events.deallocate()
        slots.deallocate()
        Glibc.close(wakeUp)
        Glibc.close(epoll)
    }

    /// Where other threads leave jobs.
    package var poster: Mailbox { mailbox }

    /// All that the process keeps of a connection that is parked.
    package static var bytesPerParkedConnection: Int { MemoryLayout<SlotTable.Slot>.stride }

    package var parkedCount: Int { slots.parkedCount }
    /// Descriptors that are watched, parked ones included.
    package var descriptorCount: Int { slots.usedCount }

    // MARK: Sources

    /// Watches a source for everything, edge-triggered.
    ///
    /// - Returns: False when the kernel refuses (no memory for more watches); the source is not added.
    package func add(_ source: EventSource) -> Bool {
        let interest: Readiness = [.readable, .writable, .peerClosed]
        return add(source, interest.rawValue | Readiness.edgeTriggered)
    }

    /// Watches a listening socket: level-triggered, and of several reactors that watch it one is woken.
    package func addListener(_ source: EventSource) -> Bool {
        add(source, Readiness.readable.rawValue | Readiness.exclusive)
    }

    private func add(_ source: EventSource, _ interest: UInt32) -> Bool {
        let slot = slots.take()
        let place = slots.pointer(slot)
        let token = Token(slot: slot, generation: place.pointee.generation)
        var event = epoll_event(events: interest, data: epoll_data_t(u64: token.bits))
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, source.descriptor, &event) == 0 else {
            slots.free(slot)
            return false
        }
        place.pointee.descriptor = source.descriptor
        place.pointee.source = Unmanaged.passRetained(source)
        source.slot = slot
        return true
    }

    /// Stops watching a listener, until `unmuteListener`.
    func mute(_ source: EventSource) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, source.descriptor, nil)
    }

    func unmuteListener(_ source: EventSource) {
        guard source.slot >= 0 else { return }
        let token = Token(slot: source.slot, generation: slots.pointer(source.slot).pointee.generation)
        let interest = Readiness.readable.rawValue | Readiness.exclusive
        var event = epoll_event(events: interest, data: epoll_data_t(u64: token.bits))
        epoll_ctl(epoll, EPOLL_CTL_ADD, source.descriptor, &event)
    }

    /// Gives a source without a descriptor a place, so that it can have deadlines.
    package func addTimer(_ source: EventSource) {
        let slot = slots.take()
        slots.pointer(slot).pointee.source = Unmanaged.passRetained(source)
        source.slot = slot
    }

    /// Closes the source's descriptor and forgets the source.
    package func close(_ source: EventSource) {
        guard let descriptor = remove(source, keepsDescriptor: false) else { return }
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// Forgets the source and leaves its descriptor to the caller.
    package func release(_ source: EventSource) -> Int32? {
        remove(source, keepsDescriptor: true)
    }

    private func remove(_ source: EventSource, keepsDescriptor: Bool) -> Int32? {
        guard source.slot >= 0 else { return nil }
        let place = slots.pointer(source.slot)
        let held = place.pointee.source
        let descriptor = place.pointee.descriptor
        if keepsDescriptor || source.hasDuplicates { epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil) }
        disarm(source)
        slots.free(source.slot)
        source.slot = -1
        held?.release()
        return descriptor
    }

    /// Puts `successor` in the place of `source`, on the same descriptor: another protocol goes on with the connection.
    package func replace(_ source: EventSource, by successor: EventSource) {
        guard source.slot >= 0 else { return }
        let place = slots.pointer(source.slot)
        disarm(source)
        let held = place.pointee.source
        successor.slot = source.slot
        successor.descriptor = source.descriptor
        place.pointee.source = Unmanaged.passRetained(successor)
        source.slot = -1
        held?.release()
    }

    /// Has `EventSource.goOn` called after the present events, before the next wait: for work that a source left over, so
    /// that others get their turn and no read happens inside another one.
    package func yield(_ source: EventSource) {
        guard !source.isYielded else { return }
        source.isYielded = true
        yielded.append(source)
    }

    private func runYielded() {
        guard !yielded.isEmpty else { return }
        let sources = yielded
        yielded.removeAll(keepingCapacity: true)
        for source in sources {
            source.isYielded = false
            if source.isOpen { source.goOn() }
        }
    }

    // MARK: Parking

    /// Lets go of the source and keeps its connection: from now on it costs its slot alone. The source must have read all
    /// that there was.
    package func park(_ source: EventSource, _ connection: ParkedConnection) {
        let slot = source.slot
        guard slot >= 0 else { return }
        let place = slots.pointer(slot)
        disarm(source)
        let held = place.pointee.source
        place.pointee.source = nil
        source.slot = -1
        slots.park(slot, connection, second: currentSecond)
        held?.release()
    }

    /// Closes up to `most` connections that have been parked for `seconds` or longer, the oldest first.
    ///
    /// - Returns: How many were closed.
    package func closeParked(olderThan seconds: UInt32, most: Int = .max) -> Int {
        var closed = 0
        while closed < most, slots.oldestParked >= 0 {
            let slot = slots.oldestParked
            let place = slots.pointer(slot)
            guard currentSecond &- place.pointee.parkedAt >= seconds else { break }
            let descriptor = place.pointee.descriptor
            let connection = place.pointee.parked
            slots.free(slot)
            Glibc.close(descriptor)
            parkingOwner?.parkedClosed(connection)
            closed += 1
        }
        return closed
    }

    private var currentSecond: UInt32 { UInt32(truncatingIfNeeded: now.nanoseconds / 1_000_000_000) }

    private func unpark(_ slot: Int32) -> EventSource? {
        let place = slots.pointer(slot)
        guard place.pointee.isParked, let parkingOwner else { return nil }
        slots.unlink(slot)
        let source = parkingOwner.unpark(place.pointee.parked, descriptor: place.pointee.descriptor)
        source.slot = slot
        place.pointee.source = Unmanaged.passRetained(source)
        return source
    }

    // MARK: Deadlines

    /// Sets when `deadlineReached` is called. A later deadline than the one before costs nothing: the heap's entry comes
    /// up, sees that it is too early, and is put back.
    @inline(__always)
    package func setDeadline(_ source: EventSource, _ deadline: MonotonicInstant) {
        source.deadline = deadline
        if deadline.nanoseconds < source.armed { arm(source) }
    }

    @inline(__always)
    package func clearDeadline(_ source: EventSource) {
        source.deadline = MonotonicInstant(nanoseconds: .max)
    }

    private func arm(_ source: EventSource) {
        guard source.slot >= 0 else { return }
        if source.armed == .max { armedCount += 1 }
        // One that is due already comes with the next wake-up: a source that keeps asking for the past must not hold the
        // loop.
        source.armed = max(source.deadline.nanoseconds, now.nanoseconds.addingClamped(50_000))
        let generation = slots.pointer(source.slot).pointee.generation
        timers.push(
            TimerHeap.Entry(deadline: source.armed, token: Token(slot: source.slot, generation: generation)))
        if timers.entries.count > 2 * armedCount + 1024 { compactTimers() }
    }

    private func disarm(_ source: EventSource) {
        if source.armed != .max { armedCount -= 1 }
        source.armed = .max
        source.deadline = MonotonicInstant(nanoseconds: .max)
    }

    private func compactTimers() {
        timers.compact { source(of: $0) != nil }
    }

    /// The source whose heap entry this is, or nil for one that is out of date.
    private func source(of entry: TimerHeap.Entry) -> EventSource? {
        let place = slots.pointer(entry.token.slot)
        guard place.pointee.generation == entry.token.generation, let held = place.pointee.source else { return nil }
        let source = held.takeUnretainedValue()
        return source.armed == entry.deadline ? source : nil
    }

    private func runTimers() {
        while let earliest = timers.earliest, earliest <= now.nanoseconds, let entry = timers.pop() {
            guard let source = source(of: entry) else { continue }
            armedCount -= 1
            source.armed = .max
            let wanted = source.deadline
            guard wanted.nanoseconds != .max else { continue }
            if wanted <= now {
                source.deadline = MonotonicInstant(nanoseconds: .max)
                source.deadlineReached()
            } else {
                arm(source)
            }
        }
    }

    // MARK: The loop

    /// Runs until `Mailbox.stop`.
    package func run() {
        while !mailbox.isStopped {
            let count = epoll_wait(epoll, events, Int32(Reactor.eventsPerWait), waitMilliseconds)
            now = SystemTime().now()
            if count > 0 {
                for index in 0..<Int(count) { dispatch(events[index]) }
            }
            runTimers()
            runYielded()
            afterEvents?()
        }
    }

    private var waitMilliseconds: Int32 {
        guard yielded.isEmpty else { return 0 }
        guard let earliest = timers.earliest else { return 1000 }
        let left = earliest.subtractingClamped(now.nanoseconds)
        return Int32(min(1000, max(0, (left + 999_999) / 1_000_000)))
    }

    @inline(__always)
    private func dispatch(_ event: epoll_event) {
        guard event.data.u64 != UInt64.max else { return mailbox.runJobs() }
        let token = Token(bits: event.data.u64)
        let place = slots.pointer(token.slot)
        guard place.pointee.generation == token.generation else { return }
        if let held = place.pointee.source {
            // Retained for the call: it may close itself.
            held.takeUnretainedValue().ready(event.events)
        } else {
            unpark(token.slot)?.ready(event.events)
        }
    }
}
