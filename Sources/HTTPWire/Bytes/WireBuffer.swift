/// A contiguous queue of bytes that grows: written at its end, read from its start. The one buffer type of engine, TLS and
/// HTTP/2. Confined to one thread. It has no bound of its own: who fills it states one.
///
/// An append costs one copy. Consumed space is used again when all is consumed, or when moving what is left makes room and
/// at most half of the memory is in use, so that each byte is moved O(1) times.
package final class WireBuffer {
    private var memory: UnsafeMutableRawPointer?
    package private(set) var capacity: Int
    private var head = 0
    private var tail = 0

    /// No memory is taken for a capacity of 0.
    package init(capacity: Int) {
        self.capacity = capacity
        memory = capacity > 0 ? .allocate(byteCount: capacity, alignment: 16) : nil
    }

    deinit { memory?.deallocate() }

    /// The bytes to read; valid until the next change of the buffer.
    package var readable: UnsafeRawBufferPointer {
        guard let memory else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: memory + head, count: tail &- head)
    }

    package var count: Int { tail &- head }
    package var isEmpty: Bool { tail == head }

    /// Drops the first `count` bytes, of which there must be as many.
    package func consume(_ count: Int) {
        precondition(count >= 0 && count <= tail &- head, "consumes more than there is")
        head &+= count
        if head == tail { (head, tail) = (0, 0) }
    }

    package func clear() { (head, tail) = (0, 0) }

    /// Drops what it holds and gives the memory back: for connections that idle.
    package func release() {
        memory?.deallocate()
        (memory, capacity, head, tail) = (nil, 0, 0, 0)
    }

    /// At least `count` writable bytes behind the readable ones; moves or grows to have them. Then `commit`.
    package func reserve(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if capacity &- tail < count || memory == nil { makeRoom(count) }
        guard let memory else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        return UnsafeMutableRawBufferPointer(start: memory + tail, count: capacity &- tail)
    }

    /// Makes the first `count` bytes of what `reserve` gave readable.
    package func commit(_ count: Int) {
        precondition(count >= 0 && count <= capacity &- tail, "commits more than was reserved")
        tail &+= count
    }

    private func makeRoom(_ count: Int) {
        let used = tail &- head
        let needed = used + max(count, 0)
        if let memory, needed <= capacity, used <= capacity / 2 {
            memory.copyMemory(from: memory + head, byteCount: used)
        } else {
            grow(to: max(needed, capacity * 2, 64), used)
        }
        (head, tail) = (0, used)
    }

    private func grow(to size: Int, _ used: Int) {
        let larger = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        if let memory {
            larger.copyMemory(from: memory + head, byteCount: used)
            memory.deallocate()
        }
        (memory, capacity) = (larger, size)
    }
}
