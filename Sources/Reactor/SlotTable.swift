/// Names a slot at one time of its use: what epoll and the timers carry around. A slot that has been given to another
/// descriptor since has another generation.
struct Token: Equatable {
    var slot: Int32
    var generation: UInt32

    var bits: UInt64 { UInt64(UInt32(bitPattern: slot)) << 32 | UInt64(generation) }

    init(slot: Int32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    init(bits: UInt64) {
        slot = Int32(bitPattern: UInt32(truncatingIfNeeded: bits >> 32))
        generation = UInt32(truncatingIfNeeded: bits)
    }
}

/// What is kept of a connection that is parked: all that the process knows of it. 28 bytes and the slot's 20: see
/// `SlotTable`.
package struct ParkedConnection: Sendable {
    package var peer: PeerAddress
    /// Which listener accepted it: an index that the owner understands.
    package var listener: UInt16
    /// How many requests it has had, up to the largest number.
    package var served: UInt32

    package init(peer: PeerAddress, listener: UInt16, served: UInt32) {
        self.peer = peer
        self.listener = listener
        self.served = served
    }
}

/// The descriptors of one reactor. Each has a slot of 64 bytes: with its `EventSource`, or, when the connection is
/// parked, with nothing but its address; that is what an idle connection costs.
///
/// Slots grow in blocks of 1,024, so that a growing table is never held twice.
struct SlotTable {
    struct Slot {
        /// Retained while set.
        var source: Unmanaged<EventSource>?
        var descriptor: Int32 = -1
        var generation: UInt32 = 0
        /// Neighbours in the list of parked slots (oldest first), or the next free slot.
        var previous: Int32 = -1
        var next: Int32 = -1
        /// Seconds of the monotonic clock.
        var parkedAt: UInt32 = 0
        var isParked = false
        var parked = ParkedConnection(peer: PeerAddress(), listener: 0, served: 0)
    }

    private static let blockSize = 1024
    private var blocks: [UnsafeMutablePointer<Slot>] = []
    private var firstFree: Int32 = -1
    private(set) var oldestParked: Int32 = -1
    private var newestParked: Int32 = -1
    private(set) var parkedCount = 0
    private(set) var usedCount = 0

    var capacity: Int { blocks.count * SlotTable.blockSize }

    @inline(__always)
    func pointer(_ slot: Int32) -> UnsafeMutablePointer<Slot> {
        blocks[Int(slot) / SlotTable.blockSize] + Int(slot) % SlotTable.blockSize
    }

    mutating func take() -> Int32 {
        if firstFree < 0 { grow() }
        let slot = firstFree
        firstFree = pointer(slot).pointee.next
        pointer(slot).pointee.next = -1
        usedCount += 1
        return slot
    }

    /// The slot's generation changes, so that nothing that still names it is taken for its next use.
    mutating func free(_ slot: Int32) {
        let place = pointer(slot)
        if place.pointee.isParked { unlink(slot) }
        place.pointee.generation &+= 1
        place.pointee.descriptor = -1
        place.pointee.source = nil
        place.pointee.next = firstFree
        firstFree = slot
        usedCount -= 1
    }

    mutating func park(_ slot: Int32, _ connection: ParkedConnection, second: UInt32) {
        let place = pointer(slot)
        place.pointee.parked = connection
        place.pointee.parkedAt = second
        place.pointee.isParked = true
        place.pointee.previous = newestParked
        place.pointee.next = -1
        if newestParked >= 0 { pointer(newestParked).pointee.next = slot } else { oldestParked = slot }
        newestParked = slot
        parkedCount += 1
    }

    mutating func unlink(_ slot: Int32) {
        let place = pointer(slot)
        let (previous, next) = (place.pointee.previous, place.pointee.next)
        if previous >= 0 { pointer(previous).pointee.next = next } else { oldestParked = next }
        if next >= 0 { pointer(next).pointee.previous = previous } else { newestParked = previous }
        place.pointee.previous = -1
        place.pointee.next = -1
        place.pointee.isParked = false
        parkedCount -= 1
    }

    private mutating func grow() {
        let block = UnsafeMutablePointer<Slot>.allocate(capacity: SlotTable.blockSize)
        block.initialize(repeating: Slot(), count: SlotTable.blockSize)
        let first = Int32(blocks.count * SlotTable.blockSize)
        blocks.append(block)
        for offset in (0..<Int32(SlotTable.blockSize)).reversed() {
            block[Int(offset)].next = firstFree
            firstFree = first + offset
        }
    }

    func deallocate() {
        for block in blocks {
            block.deinitialize(count: SlotTable.blockSize)
            block.deallocate()
        }
    }
}
