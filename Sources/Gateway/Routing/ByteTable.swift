/// A hash table from (owner, bytes) to a number, built once: open addressing with linear probing, at most half full.
///
/// Only the configuration puts keys in, so no request can make it slow. A lookup hashes 8 bytes at a step and compares
/// the bytes of the key that it finds once; it allocates nothing.
struct ByteTable: Sendable {
    private struct Slot {
        var hash: UInt32 = 0
        var owner: UInt32 = 0
        var offset: UInt32 = 0
        var count: UInt32 = 0
        var value: Int32 = ByteTable.none
    }

    static let none: Int32 = -1

    private var slots: [Slot] = []
    private var pool: [UInt8] = []
    private var used = 0

    var isEmpty: Bool { used == 0 }

    /// The value of the key, or `none`.
    func find(_ owner: UInt32, _ key: UnsafeRawBufferPointer) -> Int32 {
        guard used > 0 else { return ByteTable.none }
        let hash = ByteTable.hash(owner, key)
        let mask = slots.count - 1
        return slots.withUnsafeBufferPointer { slots in
            pool.withUnsafeBytes { pool in
                var index = Int(hash) & mask
                while slots[index].value != ByteTable.none {
                    let slot = slots[index]
                    if slot.hash == hash, slot.owner == owner, Int(slot.count) == key.count,
                        ByteTable.areEqual(key, pool, Int(slot.offset))
                    {
                        return slot.value
                    }
                    index = (index + 1) & mask
                }
                return ByteTable.none
            }
        }
    }

    /// The value of the key, which is `value()` if it is new.
    mutating func insert(_ owner: UInt32, _ key: [UInt8], _ value: () -> Int32) -> Int32 {
        let known = key.withUnsafeBytes { find(owner, $0) }
        guard known == ByteTable.none else { return known }
        if (used + 1) * 2 > slots.count { grow() }
        let hash = key.withUnsafeBytes { ByteTable.hash(owner, $0) }
        let slot = Slot(
            hash: hash, owner: owner, offset: UInt32(pool.count), count: UInt32(key.count), value: value())
        pool += key
        used += 1
        place(slot)
        return slot.value
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(), count: max(8, old.count * 2))
        for slot in old where slot.value != ByteTable.none { place(slot) }
    }

    private mutating func place(_ slot: Slot) {
        var index = Int(slot.hash) & (slots.count - 1)
        while slots[index].value != ByteTable.none { index = (index + 1) & (slots.count - 1) }
        slots[index] = slot
    }

    private static func areEqual(_ key: UnsafeRawBufferPointer, _ pool: UnsafeRawBufferPointer, _ offset: Int) -> Bool {
        for index in 0..<key.count where key[index] != pool[offset + index] { return false }
        return true
    }

    private static func hash(_ owner: UInt32, _ key: UnsafeRawBufferPointer) -> UInt32 {
        let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
        var state = (UInt64(owner) << 32 | UInt64(truncatingIfNeeded: key.count)) &* factor
        var index = 0
        while index + 8 <= key.count {
            state = (state ^ key.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* factor
            state ^= state >> 29
            index += 8
        }
        var tail: UInt64 = 0
        while index < key.count {
            tail = tail << 8 | UInt64(key[index])
            index += 1
        }
        state = (state ^ tail) &* factor
        return UInt32(truncatingIfNeeded: state >> 32)
    }
}
